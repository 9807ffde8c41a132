"""Runs of one or several processes that are killed and go on: exactly, or with a clear message."""

import csv
import dataclasses
import functools
import json
import os
import signal
from pathlib import Path

import pytest
import torch
from helpers.training_runs import QUICK, Process, command_job, finish, fork_both, fork_job, run_folder, same, state

from ebm.data.batches import ShuffledBatches
from ebm.training import processes


@pytest.fixture(scope="module")
def start(small_corpus, tmp_path_factory):
    """start(folder, recipe, how, lost, **settings): training processes with their runs in the folder."""
    saved = tmp_path_factory.mktemp("corpus") / "corpus.pt"
    torch.save(dataclasses.asdict(small_corpus), saved)
    started = []

    def begin(folder: Path, recipe=None, how=fork_job, lost=None, **settings) -> Process | list[Process]:
        folder.mkdir(exist_ok=True)
        settings = {"runs": str(folder / "runs"), "save_every": 20} | settings
        job = folder / f"job-{len(started)}.json"
        asked = {"corpus": str(saved), "recipe": QUICK | (recipe or {}), "settings": settings, "lost": lost}
        job.write_text(json.dumps(asked))
        begun = how(job)
        started.extend(begun if isinstance(begun, list) else [begun])
        return begun

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def test_a_run_killed_in_mid_epoch_goes_on_to_the_same_bits(start, tmp_path):
    whole = start(tmp_path / "whole")
    killed = start(tmp_path / "killed", how=functools.partial(fork_job, ended_by=signal.SIGKILL))
    assert killed.wait(timeout=600) == -signal.SIGKILL, killed.log.read_text()[-3000:]
    run = run_folder(tmp_path / "killed")
    stopped_at = state(run)["global_step"]
    assert 0 < stopped_at < 92 and stopped_at % 48, "it was to be killed in the middle of an epoch, early"
    finish(start(tmp_path / "killed", resume=str(run)))
    finish(whole)
    resumed, uninterrupted = state(run), state(run_folder(tmp_path / "whole"))
    assert resumed["global_step"] == uninterrupted["global_step"] == 100
    for part in ("state_dict", "current_model_state", "averaging_state", "optimizer_states", "lr_schedulers", "stream"):
        assert not same(resumed[part], uninterrupted[part], part)
    assert uninterrupted["stream"]["buffer"]["steps"].sum() > 0


def losses(run: Path, name: str) -> list[float]:
    """A logged value at every logged step."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    if csvs := list(run.glob("logs/metrics.csv")):
        with open(csvs[0]) as file:
            return [float(row[name]) for row in csv.DictReader(file) if row[name]]
    events = EventAccumulator(str(run / "logs"))
    events.Reload()
    return [event.value for event in events.Scalars(name)]


def test_two_processes_learn_as_one_with_twice_the_batch_does(start, tmp_path):
    """The classifier's loss has no randomness but the order of the glyphs: equal up to rounding, step by step."""
    recipe = {"mode": "classifier", "batch_size": 8, "match_steps": 24, "contrast_steps": 24}
    two = start(tmp_path / "two", recipe, how=fork_both, devices=2, strategy="ddp")
    one = start(tmp_path / "one", recipe | {"batch_size": 16})
    for process in (*two, one):
        finish(process)
    of_two, of_one = (losses(run_folder(tmp_path / name), "train/loss") for name in ("two", "one"))
    assert len(of_one) == 4 and of_two == pytest.approx(of_one, rel=1e-3)  # of 48 steps every tenth is logged
    assert json.loads((tmp_path / "two" / "made.json").read_text())["processes"] == 2


def test_a_killed_process_ends_the_run_with_a_message_and_one_alone_goes_on(start, tmp_path):
    """Two processes with chains; then one takes over, with the whole replay buffer of both."""
    process = start(tmp_path / "run", how=command_job, lost=1, devices=2, strategy="ddp")
    assert process.wait(timeout=600) != 0
    assert "another of the 2 processes cannot be reached any more" in process.log.read_text()
    assert "--resume" in process.log.read_text()
    run = run_folder(tmp_path / "run")
    kept = state(run)["stream"]
    assert len(kept["random"]) == 2 and len(kept["buffer"]["x"]) == 6 * 9 + 18
    finish(start(tmp_path / "run", resume=str(run)))
    after = state(run)
    assert after["global_step"] == 100
    assert len(after["stream"]["random"]) == 1 and len(after["stream"]["buffer"]["x"]) == 6 * 9 + 18


@pytest.mark.parametrize(("size", "batch", "world"), [(100, 8, 1), (100, 8, 3), (5, 8, 1), (64, 16, 4)])
def test_the_processes_share_each_batch_out_and_miss_nothing(size, batch, world):
    parts = [ShuffledBatches(size, batch, 0, rank, world) for rank in range(world)]
    steps = list(zip(*parts, strict=True))
    seen = [k for step in steps for part in step for k in part]
    assert len(seen) == len(set(seen)) > size - batch * world
    assert sorted(seen[: batch * world]) == sorted(next(iter(ShuffledBatches(size, batch * world, 0))))
    again = ShuffledBatches(size, batch, 0, 0, world)
    again.first = 1
    assert list(again) == list(parts[0])[1:]
    again.first = 0
    again.set_epoch(1)
    assert size == 5 or list(again) != list(parts[0])


@pytest.mark.parametrize("world", [1, 2, 4])
def test_a_buffer_is_shared_out_and_put_together_again(world):
    classes, per_class, groups = 3, 5, [5, 5, 5]
    full = {"x": torch.rand(15, 1, 56, 56), "steps": torch.arange(15)}
    parts = [processes.part(full, groups, rank, world) for rank in range(world)]
    assert [len(p["steps"]) for p in parts] == [classes * processes.share_of(per_class, r, world) for r in range(world)]
    assert all((p["steps"].view(classes, -1) // per_class == torch.arange(3)[:, None]).all() for p in parts)
    assert not same(processes.whole(parts, groups), full)


def test_more_processes_than_slots_are_refused():
    with pytest.raises(ValueError, match="cannot be shared by 8"):
        processes.share_of(5, 0, 8)


def test_every_process_and_every_resume_has_a_random_stream_of_its_own():
    seeds = {processes.seed_of(seed, rank, step) for seed in (0, 1) for rank in range(8) for step in (0, 100, 200)}
    assert len(seeds) == 2 * 8 * 3
