"""The suites at a small size: what they report, whom they leave out, sentences on bad input. No speed is asserted."""

import json
import sys
from typing import Any

import pytest
import torch
from rich.console import Console
from safetensors.torch import save_file

from benchmarks import __main__ as command_line
from benchmarks.explorer import browser as app_browser
from benchmarks.explorer.server import Generation
from benchmarks.measuring import machine, tables
from benchmarks.measuring.figure import figure
from benchmarks.peers import environments as peers
from benchmarks.peers.worker.net import PlainNet
from benchmarks.suites import app, buffer, data, gpu, sgld, train


def tiny(**changes: Any) -> sgld.Plan:
    """A plan that takes seconds."""
    short: dict[str, Any] = {"widths": (4,), "modes": ("equal",), "seconds": 1e-3, "rounds": 1, "warm_up": 0}
    return sgld.Plan(**short | {"chains": 64} | changes)


@pytest.fixture
def without_peers(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "FOLDER", tmp_path / "nowhere")


@pytest.fixture(scope="module")
def report() -> sgld.Report:
    ways = {"ours": "default", "notebook": "channels_last"}  # one chosen by its speed would depend on the machine
    plan = tiny(batches=(2,), modes=("equal", "best"), peers=("notebook",), rounds=2, ways=ways)
    return sgld.measure(plan)


def test_the_sampler_is_compared_with_a_peer_in_a_process_of_its_own(report: sgld.Report) -> None:
    equal, best = report.rows
    assert (equal["mode"], best["mode"]) == ("equal", "best")
    assert equal["ways"] == {"ours": "float32", "notebook": "as it comes"}
    assert best["ways"] == {"ours": "default", "notebook": "channels_last"}
    assert equal["ratios"]["notebook"].keys() == {"median", "low", "high"}
    assert equal["image_steps_per_second"]["ours"] == pytest.approx(2e3 / equal["ms_per_step"]["ours"])
    assert equal["floor"]["multiply_adds"] > 0
    assert [check["peer"] for check in report.distribution] == ["notebook", "notebook"] and report.failures == []


def test_the_report_can_be_read(report: sgld.Report) -> None:
    from dataclasses import asdict

    console = Console(width=160, record=True)
    tables.show_sgld(console, asdict(report))
    assert "notebook" in console.export_text()


def test_a_peer_of_another_distribution_fails_loudly(report: sgld.Report) -> None:
    wrong = sgld.Report(
        report.limits, distribution=[report.distribution[0] | {"z": 4.5}, report.distribution[0] | {"z": None}]
    )
    assert len(wrong.failures) == 2
    assert "notebook and ebm.sgld do not sample from the same distribution" in wrong.failures[0]


def test_a_missing_peer_is_left_out_with_a_sentence(without_peers) -> None:
    sentence = peers.missing("torchebm")
    assert sentence == "torchebm is left out: it is not installed; `python -m benchmarks setup` installs it."
    assert peers.missing("notebook") is None
    plan = tiny(batches=(1,), peers=("ebmkit",))
    report = sgld.measure(plan)
    assert (
        report.left_out == [str(peers.missing("ebmkit"))]
        and report.rows[0]["ratios"] == {}
        and report.distribution == []
    )


@pytest.mark.parametrize("peer", sorted(peers.PACKAGES))
def test_an_installed_peer_follows_our_distribution(peer: str) -> None:
    if reason := peers.missing(peer):
        pytest.skip(reason)
    plan = tiny(batches=(4,), peers=(peer,))
    report = sgld.measure(plan)
    assert report.failures == [] and report.distribution[0]["clipped"] == (peer not in sgld.CANNOT_CLIP)


def test_the_parts_of_the_gpu_suite_run_on_the_cpu(report: sgld.Report, tmp_path) -> None:
    plan = gpu.Plan(device="cpu", files=3, glyphs=8)
    names = [entry["name"] for entry in gpu.of_sampler(report.rows[0])]
    assert names[:2] == ["SGLD, 2 chains: image-steps per second", "SGLD, 2 chains: times as fast as notebook"]
    alone, bulk = sorted(gpu.bulk(plan, tmp_path), key=lambda entry: entry["name"], reverse=True)
    assert (alone["name"], bulk["name"]) == (
        "the network alone: glyphs per second", "bulk: files per second, start included"
    )  # fmt: skip
    assert min(alone["value"], bulk["value"]) > 0
    (late,) = gpu.training(plan, tmp_path, seconds=0.01)
    assert late["name"].endswith("not finished") and late["value"] == 0.01


def test_a_gpu_that_is_not_there_is_named() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(ValueError, match="no CUDA device"):
        gpu.Plan()


def test_a_worker_chooses_a_way_by_its_speed_and_one_that_fails_says_why(tmp_path) -> None:
    shape = {"width": 2, "outputs": 1, "head": "flat"}
    save_file(PlainNet(**shape).state_dict(), tmp_path / "net.safetensors")
    with peers.Worker("notebook", device="cpu", threads=1, keep_memory=False) as worker:
        with pytest.raises(RuntimeError, match="notebook failed: .*nowhere"):
            worker.ask("load", weights="nowhere.safetensors", shape=shape)
        assert worker.process.poll() is None  # and goes on
        worker.ask("load", weights=str(tmp_path / "net.safetensors"), shape=shape)
        chosen = worker.ask("choose", batch=1, steps=1, drift=sgld.DRIFT | {"grad_clip": None})
        assert chosen["way"] in chosen["seconds"] and len(chosen["seconds"]) == 3
        with pytest.raises(RuntimeError, match="no way 'fastest'; it has: as it comes, channels_last"):
            worker.ask("use", way="fastest")
    assert worker.process.poll() == 0


def test_the_notebook_trains_in_a_worker(tmp_path) -> None:
    from ebm.training.recipe import recipe

    path = tmp_path / "data.safetensors"
    save_file({"images": torch.zeros(8, 56, 56, dtype=torch.uint8), "labels": torch.arange(8)}, path)
    fields = dict(vars(recipe("cpu", width=2, steps=1, batch_size=4, buffer_per_class=2)))
    with peers.Worker("notebook", device="cpu", threads=1, keep_memory=False) as worker:
        worker.ask("load_training", data=str(path), recipe=fields)
        assert len(worker.ask("train", steps=2)["seconds"]) == 2


def test_our_training_is_timed_to_an_accuracy_through_both_stages() -> None:
    from ebm.training.recipe import recipe

    fields = dict(vars(recipe("cpu", width=2, steps=1, batch_size=4, match_steps=2, contrast_steps=4)))
    with peers.Worker("ours", device="cpu", threads=1, keep_memory=False) as worker:
        answer = worker.ask("reach", recipe=fields, accuracy=0.0, every=3)
        assert answer["steps"] == 3 and answer["seconds"] > 0
        assert worker.ask("reach", recipe=fields, accuracy=1.0, every=3)["seconds"] is None


def test_the_buffer_suite_at_a_small_size() -> None:
    found = buffer.measure(batches=(4,), per_class=2, rounds=2, threads=1)
    assert len(found["rows"][0]["seconds"]["ours"]) == 2 and "list, batch 4" in found["ratios"]


def test_the_data_suite_at_a_small_size() -> None:
    found = data.measure(glyphs=1, rounds=1, whole=False)
    assert all(entry["value"] > 0 and entry["unit"] in ("1/s", "") for entry in found["figures"])
    assert len(found["figures"]) == 1 + 3 * len(data.SIDES)


def test_figures_meet_their_targets_or_miss_them() -> None:
    assert figure("a", 3.0, "s", at_most=5)["met"] and not figure("a", 6.0, "s", at_most=5)["met"]
    assert figure("a", 6.0, "1/s", at_least=5)["met"] and "met" not in figure("a", 6.0, "1/s")
    console = Console(width=100, record=True)
    tables.show_figures(console, "t", [figure("a", 6.0, "s", at_most=5), figure("b", 1.0, "s")])
    assert "at most 5" in (text := console.export_text()) and "missed" in text


def test_rates_of_a_generation_and_of_frames_by_hand() -> None:
    # 12 steps between the first frame and the last one before the closing one, in half a second.
    assert Generation([0.1, 0.4, 0.6, 2.0], [0, 6, 12, 16]).rate == pytest.approx(24)
    run = app_browser.Run.of(50.0, [(10.0, 64), (150.0, 0), (250.0, 20), (650.0, 60)], [60.0, 80.0])
    assert (run.first, run.frames, run.steps, run.longest) == pytest.approx((100, 4, 120, 80))


def test_the_explorers_scores_in_process(tmp_path) -> None:
    picture = app.picture_of(sgld.CHECKPOINT, tmp_path)
    assert len(app._in_process(sgld.CHECKPOINT, picture, 2)) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sgld", "--peer", "nobody"], "There is no peer 'nobody'; there are: notebook, torchebm, ebmkit."),
        (["sgld", "--mode", "fair"], "The mode is equal or best, not 'fair'."),
        (["sgld", "--batch", "0"], "Batches, widths, threads and rounds must be at least 1."),
        (["sgld", "--chains", "1"], "The check needs at least 2 chains"),
        (["sgld", "--device", "tpu"], "The device is cpu or cuda, not 'tpu'."),
        (["train", "--steps", "0"], "A run needs at least 1 step, not 0."),
        (["buffer", "--batch", "0"], "The batch and the slots a class must be at least 1."),
        (["data", "--glyphs", "0"], "At least one glyph is needed, not 0."),
        (["pages", "--pages", "1"], "At least 20 pages are needed, not 1."),
        (["app", "--checkpoint", "nowhere.safetensors"], "nowhere.safetensors"),
        (["app", "--generations", "1"], "Starts, scores and rounds must be at least 1"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    said = capsys.readouterr().err.strip().splitlines()
    assert ended.value.code == 2 and len(said) == 1
    assert said[0].startswith("Error: ") and sentence in said[0]


def test_json_is_one_object_with_the_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["benchmarks", "buffer", "--batch", "2", "--per-class", "1", "--rounds", "1", "--json"]
    )
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    found = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0 and found["suite"] == "buffer"
    assert found["machine"]["torch"] == machine.torch.__version__


def test_the_training_suite_names_its_lanes() -> None:
    assert {peer for peer, _ in train.LANES.values()} == {"ours", "notebook"}
