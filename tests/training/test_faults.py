"""Training under faults: kills at any moment, a full disk, changed data; the newest state always loads."""

import dataclasses
import random
import signal
import sys
import time
import warnings
from pathlib import Path

import pytest
import torch
from helpers.forked import context, end_once_there_is
from helpers.training_runs import QUICK, STATE, run_folder, same, state

from ebm.data.corpus import Corpus
from ebm.evaluation.export import export
from ebm.system.whole_file import whole_file
from ebm.training.errors import Stopped
from ebm.training.lightning_file import read_state
from ebm.training.recipe import Recipe
from ebm.training.train import train

KILLS = 10
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of files are POSIX's")


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with whole_file(path) as file:
        file.write(b"first")
        assert not path.exists()
    assert path.read_bytes() == b"first"
    with pytest.raises(OSError, match="full"), whole_file(path) as file:
        file.write(b"sec")
        raise OSError("the disk is full")
    assert path.read_bytes() == b"first" and list(tmp_path.iterdir()) == [path]


CLASSIFIER = {"mode": "classifier", "match_steps": 0}


def _train(
    saved: Path, folder: Path, resume: Path | None, every: int, epochs: int, largest: int | None, ended_by: int | None
) -> None:
    """A run in a process of its own, which leaves what it said in a file; without chains it starts fast.

    Args:
        every: steps between two states; largest: bytes that a file may have, so that writing fails as on a full disk.
        ended_by: the signal that it gets when it has kept a state.
    """
    torch.set_num_threads(1)
    if ended_by is not None:
        end_once_there_is(folder, STATE, ended_by)
    if largest is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    said = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            trained = train(
                Recipe(**QUICK | CLASSIFIER | {"contrast_steps": 48 * epochs, "width": 16}), resume=resume,
                corpus=Corpus(**torch.load(saved)), runs=folder / "runs", save_every=every,
                accelerator="cpu", progress=False,
            )  # fmt: skip
            assert trained is not None
            export(folder / "out" / "twin.safetensors", trained, n=20, resamples=2)
        except (Stopped, OSError) as error:
            said.append(str(error))
    (folder / "said").write_text("\n".join([*(str(w.message) for w in warned), *said]))


@pytest.fixture
def begin(small_corpus, tmp_path: Path):
    """begin(folder, resume, every, epochs, largest, ended_by): a process that trains."""
    saved = tmp_path / "corpus.pt"
    torch.save(dataclasses.asdict(small_corpus), saved)
    started = []

    def start(folder: Path, resume: Path | None = None, every=1, epochs=1000, largest=None, ended_by=None):
        folder.mkdir(exist_ok=True)
        process = context().Process(target=_train, args=(saved, folder, resume, every, epochs, largest, ended_by))
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


@POSIX
def test_whenever_a_run_is_killed_its_newest_state_loads_and_goes_on(begin, tmp_path: Path) -> None:
    """Ten kills at random moments, of one run that is resumed after each; it writes all the time."""
    moments, steps = random.Random(0), []
    for _ in range(KILLS):
        process = begin(tmp_path / "run", run_folder(tmp_path / "run") if steps else None)
        _wait_for_state(process, tmp_path / "run")
        time.sleep(moments.uniform(0, 0.2))
        process.kill()
        process.join()
        steps.append(read_state(run_folder(tmp_path / "run") / "last.ckpt")["global_step"])
    assert all(later > earlier for earlier, later in zip(steps, steps[1:], strict=False)), steps


def _wait_for_state(process, folder: Path) -> None:
    """Until a state has been kept since the process began."""
    began = time.time_ns()
    for _ in range(24_000):
        if any(path.stat().st_mtime_ns > began for path in folder.glob(STATE)):
            return
        assert process.exitcode is None, "the run ended by itself"
        time.sleep(0.025)
    raise AssertionError("no state was kept")


def _end(process, folder: Path) -> str:
    """What a run said when it ended by itself."""
    process.join(600)
    assert process.exitcode == 0
    return (folder / "said").read_text()


@POSIX
def test_a_run_that_is_told_to_stop_keeps_its_state_and_goes_on_exactly(begin, tmp_path: Path) -> None:
    whole = begin(tmp_path / "whole", every=20, epochs=4)
    stopped = begin(tmp_path / "stopped", every=7, epochs=4, ended_by=signal.SIGTERM)
    said = _end(stopped, tmp_path / "stopped")
    run = run_folder(tmp_path / "stopped")
    assert "told to stop (SIGTERM)" in said and f"train --resume {run}`" in said
    assert f"at step {state(run)['global_step']};" in said and state(run)["global_step"] < 192
    assert "told to stop" not in _end(begin(tmp_path / "stopped", run, every=20, epochs=4), tmp_path / "stopped")
    _end(whole, tmp_path / "whole")
    resumed, uninterrupted = state(run), state(run_folder(tmp_path / "whole"))
    assert resumed["global_step"] == uninterrupted["global_step"] == 192
    for part in ("state_dict", "averaging_state", "optimizer_states", "lr_schedulers"):
        assert not same(resumed[part], uninterrupted[part], part)


@POSIX
def test_a_full_disk_leaves_the_state_before_it(begin, tmp_path: Path) -> None:
    first = begin(tmp_path / "run", every=5, epochs=2, ended_by=signal.SIGKILL)
    first.join(600)
    assert first.exitcode == -signal.SIGKILL
    run = run_folder(tmp_path / "run")
    kept = (run / "last.ckpt").read_bytes()
    said = _end(begin(tmp_path / "run", run, every=5, epochs=2, largest=len(kept) // 2), tmp_path / "run")
    assert "could not be kept (File too large)" in said
    assert "Training stopped at step" in said and f"train --resume {run}`" in said
    assert (run / "last.ckpt").read_bytes() == kept and not list(run.glob("*.part"))
    assert "stopped" not in _end(begin(tmp_path / "run", run, every=5, epochs=2), tmp_path / "run")
    assert state(run)["global_step"] == 96 and list((tmp_path / "run" / "out").glob("*.safetensors"))


def test_a_run_is_not_resumed_on_other_glyphs(small_corpus, tmp_path: Path) -> None:
    recipe = Recipe(**QUICK | CLASSIFIER | {"contrast_steps": 48})
    quiet = {"out": tmp_path / "out", "runs": tmp_path / "runs", "accelerator": "cpu", "progress": False}  # fmt: skip
    train(recipe, corpus=small_corpus, **quiet)
    images = {split: value.clone() for split, value in small_corpus.images.items()}
    images["train"][0, 0, 0] ^= 1
    other = dataclasses.replace(small_corpus, images=images)
    with pytest.raises(ValueError, match="have changed since the run") as caught:
        train(recipe, corpus=other, resume=run_folder(tmp_path), **quiet)
    assert len(str(caught.value).splitlines()) == 1


def test_a_damaged_recipe_is_one_sentence(tmp_path: Path) -> None:
    from ebm.training.train import read_run

    (tmp_path / "recipe.json").write_text('{"lr": 0.')
    with pytest.raises(ValueError, match="recipe.json is damaged"):
        read_run(tmp_path)
