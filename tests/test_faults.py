"""Training amid faults: kills at any moment, a full disk, changed data; the newest state always loads."""

import dataclasses
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch
from test_resume import QUICK, finish, run_folder, same, start, state, wait_for_state  # noqa: F401 (start: a fixture)

from ebm.data.corpus import Corpus
from ebm.lightning_file import read_state
from ebm.recipe import Recipe
from ebm.train import train
from ebm.whole_file import whole_file

KILLS = 20
SHORT = {"epochs": 2, "classify_first": 10}  # 96 steps, most of them with chains


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


def _train(saved: Path, folder: Path, resume: Path | None) -> None:
    """A run that keeps a state after every step, in a process that is to be killed; without chains it starts fast."""
    torch.set_num_threads(1)
    train(
        Recipe(**QUICK | {"epochs": 1000, "mode": "classifier", "width": 16}), corpus=Corpus(**torch.load(saved)),
        resume=resume, out=folder / "out", runs=folder / "runs", save_every=1, accelerator="cpu", progress=False,
    )  # fmt: skip


def test_whenever_a_run_is_killed_its_newest_state_loads_and_goes_on(small_corpus, tmp_path: Path) -> None:
    """Twenty kills at random moments, of one run that is resumed after each; it writes all the time."""
    saved = tmp_path / "corpus.pt"
    torch.save(dataclasses.asdict(small_corpus), saved)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ebm.train"])
    moments, steps = random.Random(0), []
    for _ in range(KILLS):
        run = next((tmp_path / "runs").iterdir()) if steps else None
        process = context.Process(target=_train, args=(saved, tmp_path, run))
        process.start()
        before = os.stat(run / "last.ckpt").st_mtime_ns if run else 0
        _wait(lambda b=before: _newest(tmp_path) > b, process)
        time.sleep(moments.uniform(0, 0.2))
        process.kill()
        process.join()
        steps.append(read_state(run_folder(tmp_path) / "last.ckpt")["global_step"])
    assert all(later > earlier for earlier, later in zip(steps, steps[1:], strict=False)), steps


def _newest(folder: Path) -> int:
    """When the run's state was last kept; 0 before."""
    return max((p.stat().st_mtime_ns for p in folder.glob("runs/*/last.ckpt")), default=0)


def _wait(until, process) -> None:
    for _ in range(2400):
        if until():
            return
        assert process.exitcode is None, "the run ended by itself"
        time.sleep(0.025)
    raise AssertionError("no state was kept")


def test_a_run_that_is_told_to_stop_keeps_its_state_and_goes_on_exactly(start, tmp_path: Path) -> None:  # noqa: F811
    whole, stopped = start(tmp_path / "whole", SHORT), start(tmp_path / "stopped", SHORT)
    wait_for_state(stopped, tmp_path / "stopped")
    os.kill(stopped.pid, signal.SIGTERM)
    assert stopped.wait(timeout=60) == 1
    said = stopped.log.read_text()
    assert "told to stop (SIGTERM)" in said and "--resume" in said and "Traceback" not in said
    run = run_folder(tmp_path / "stopped")
    assert f"at step {state(run)['global_step']};" in said
    finish(start(tmp_path / "stopped", SHORT, resume=str(run)))
    finish(whole)
    resumed, uninterrupted = state(run), state(run_folder(tmp_path / "whole"))
    for part in ("state_dict", "averaging_state", "optimizer_states", "stream"):
        assert not same(resumed[part], uninterrupted[part], part)


def test_a_full_disk_leaves_the_state_before_it(start, tmp_path: Path) -> None:  # noqa: F811
    first = start(tmp_path, SHORT)
    wait_for_state(first, tmp_path)
    first.kill()
    first.wait()
    run = run_folder(tmp_path)
    kept = (run / "last.ckpt").read_bytes()
    full = start(tmp_path, SHORT, limits={"largest_file": len(kept) // 2}, resume=str(run))
    assert full.wait(timeout=200) == 1
    said = full.log.read_text()
    assert "could not be kept" in said and "File too large" in said
    assert "Training stopped at step" in said and "--resume" in said
    assert (run / "last.ckpt").read_bytes() == kept and not list(run.glob("*.part"))
    finish(start(tmp_path, SHORT, resume=str(run)))
    assert state(run)["global_step"] == 96


def test_a_run_is_not_resumed_on_other_glyphs(small_corpus, tmp_path: Path) -> None:
    recipe = Recipe(**QUICK | {"epochs": 1, "mode": "classifier"})
    quiet = {"out": tmp_path / "out", "runs": tmp_path / "runs", "accelerator": "cpu", "progress": False,
             "measuring": {"n": 20, "resamples": 2}}  # fmt: skip
    train(recipe, corpus=small_corpus, **quiet)
    images = {split: value.clone() for split, value in small_corpus.images.items()}
    images["train"][0, 0, 0] ^= 1
    other = dataclasses.replace(small_corpus, images=images)
    with pytest.raises(ValueError, match="have changed since the run") as caught:
        train(recipe, corpus=other, resume=run_folder(tmp_path), **quiet)
    assert len(str(caught.value).splitlines()) == 1


def test_a_damaged_recipe_is_one_sentence(tmp_path: Path) -> None:
    from ebm.train import read_run

    (tmp_path / "recipe.json").write_text('{"lr": 0.')
    with pytest.raises(ValueError, match="recipe.json is damaged"):
        read_run(tmp_path)
