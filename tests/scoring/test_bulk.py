"""Scoring in bulk: rows are verdicts, bad files are rows, and no kill or number of processes changes the table."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from helpers.cards import make_card
from helpers.command_line import run, run_process
from helpers.forked import Forked, end_once_there_is
from helpers.many_pictures import make_pictures
from helpers.odd_names import ODD_NAMES

import ebm
from ebm.checkpoint.files import save
from ebm.model.energy import EnergyNet
from ebm.scoring.bulk.run import run as run_job
from ebm.scoring.bulk.score_files import ScoreFiles, score_files
from ebm.scoring.bulk.work_folder import WorkFolder
from ebm.system.file_list import to_name
from ebm.system.processes import Processes

COLUMNS = ["file", "energy", "p_value", "is_stranger", "sort", "probability", "error"]


def rows(out: Path) -> list[dict]:
    return pq.read_table(out).to_pylist()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of 100 pictures in two sub-folders, and their paths."""
    folder = tmp_path_factory.mktemp("pictures")
    return folder, make_pictures(folder, 100, distinct=42, a_folder=60)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, pictures):
    """An untrained JEM whose reference and threshold lie among the energies of the pictures."""
    torch.manual_seed(0)
    net = EnergyNet(4, 42)
    x = torch.stack([ebm.to_glyph(path) for path in pictures[1][:40]])
    energies = ebm.score(net, x)
    card = make_card(net, reference_energies=energies.tolist(), threshold=float(energies.median()), temperature=0.7)
    path = tmp_path_factory.mktemp("checkpoint") / "small.safetensors"
    save(path, net, card)
    return path


def score(out: Path, checkpoint: Path, *inputs, workers: int = 0, batch_size: int = 256):
    return score_files(list(map(str, inputs)), out, checkpoint, Processes(workers, "cpu"), batch_size)


def test_every_row_is_the_verdict_on_its_file(pictures, checkpoint, tmp_path):
    folder, paths = pictures
    out = tmp_path / "scores.parquet"
    assert score(out, checkpoint, folder / "00000", batch_size=1, workers=2) == (60, 0)
    assert pq.read_table(out).column_names == COLUMNS
    model, card = ebm.load(checkpoint)
    for row, path in zip(rows(out), paths[:60], strict=True):
        v = ebm.verdict(model, card, ebm.to_glyph(path, preprocessing=card.preprocessing))
        found = (v.energy, v.p_value, v.is_stranger, *v.top[0])
        assert tuple(row.values()) == (str(path), *found, None)
    assert {row["is_stranger"] for row in rows(out)} == {True, False}
    assert not out.with_name("scores.parquet.parts").exists()


def test_batches_and_workers_change_nothing(pictures, checkpoint, tmp_path):
    folder, paths = pictures
    for name, options in {"a": {"batch_size": 64}, "b": {"batch_size": 7, "workers": 2}}.items():
        score(tmp_path / f"{name}.parquet", checkpoint, folder, **options)
    a, b = rows(tmp_path / "a.parquet"), rows(tmp_path / "b.parquet")
    assert [row["file"] for row in a] == [row["file"] for row in b] == list(map(str, paths))
    np.testing.assert_allclose([r["energy"] for r in a], [r["energy"] for r in b], atol=1e-5)


def test_an_ebm_has_no_sorts(pictures, tmp_path):
    net = EnergyNet(4, 1)
    save(tmp_path / "ebm.safetensors", net, make_card(net))
    score(tmp_path / "s.parquet", tmp_path / "ebm.safetensors", *pictures[1][:3])
    assert all(r["sort"] is None and r["probability"] is None and r["energy"] for r in rows(tmp_path / "s.parquet"))


def test_bad_files_are_rows_with_the_reason(pictures, checkpoint, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "scores.parquet"
    (folder / "inside").mkdir(parents=True)
    good = pictures[1][0].read_bytes()
    (folder / "a.txt").write_text("no picture")
    (folder / "b.png").write_bytes(good[: len(good) // 2])
    (folder / "c.png").symlink_to("nowhere")
    (folder / "d.png").write_bytes(good)
    (folder / ".hidden.png").write_bytes(good)
    (folder / "inside" / "empty.png").touch()
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")  # opening it would block for ever
    assert score(out, checkpoint, folder) == (5, 4)
    found = {Path(row["file"]).name: row for row in rows(out)}
    assert set(found) == {"a.txt", "b.png", "c.png", "d.png", "empty.png"}
    assert found["d.png"]["error"] is None and found["d.png"]["energy"] is not None
    for name, words in {"a.txt": "not a picture", "b.png": "cut short", "c.png": "no such file"}.items():
        assert words in found[name]["error"]
        assert all(found[name][column] is None for column in COLUMNS[1:-1])


def test_a_part_of_nothing_but_bad_files_and_energies_that_are_not_finite(pictures, tmp_path):
    net = EnergyNet(4, 42)
    with torch.no_grad():
        net.features[0].weight.mul_(1e30)  # finite weights, infinite logits
        net.classifier[-1].weight.mul_(1e30)
    save(tmp_path / "far.safetensors", net, make_card(net))
    bad = tmp_path / "bad.png"
    bad.touch()
    assert score(tmp_path / "s.parquet", tmp_path / "far.safetensors", bad, pictures[1][0]) == (2, 2)
    assert "no finite energy" in rows(tmp_path / "s.parquet")[1]["error"]
    assert score(tmp_path / "t.parquet", tmp_path / "far.safetensors", bad) == (1, 1)


def test_names_of_any_bytes_survive(pictures, checkpoint, tmp_path):
    folder = os.fsencode(tmp_path / "in")
    os.mkdir(folder)
    for name in ODD_NAMES:
        shutil.copy(pictures[1][0], os.path.join(folder, name))
    assert score(tmp_path / "s.parquet", checkpoint, tmp_path / "in") == (len(ODD_NAMES), 0)
    found = [row["file"] for row in rows(tmp_path / "s.parquet")]
    assert [to_name(text) for text in found] == sorted(os.path.join(folder, name) for name in ODD_NAMES)


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\0"])
def test_a_text_list_names_the_files(pictures, checkpoint, tmp_path, mark):
    names = [str(path) for path in pictures[1][5:2:-1]]
    (tmp_path / "list.txt").write_bytes(mark.join([*names, ""]).encode())
    score(tmp_path / "s.parquet", checkpoint, f"@{tmp_path / 'list.txt'}", pictures[1][0])
    assert [row["file"] for row in rows(tmp_path / "s.parquet")] == [*names, str(pictures[1][0])]


def test_the_list_is_read_no_further_than_the_work_has_come(pictures, checkpoint, tmp_path):
    work = WorkFolder(tmp_path / "s.parquet")
    work.open([], {})
    written = []

    def names():
        for path in pictures[1][:40]:
            written.append(len(work.parts()))
            yield os.fsencode(path)

    job = ScoreFiles(*ebm.load(checkpoint), batch=1, part=8)
    assert run_job(job, names(), work, Processes(0, "cpu")) == (40, 0)
    assert written == [k // 8 for k in range(40)]


def test_the_output_may_lie_among_the_pictures(pictures, checkpoint, tmp_path):
    shutil.copy(pictures[1][0], tmp_path / "a.png")
    assert score(tmp_path / "s.parquet", checkpoint, tmp_path) == (1, 0)
    with pytest.raises(ValueError, match="there already"):
        score(tmp_path / "s.parquet", checkpoint, tmp_path)


def _score_until_a_part(work: Path, *arguments: object) -> None:
    """Kills itself when the first part is done."""
    end_once_there_is(work / "parts", "*.parquet", signal.SIGKILL)
    run("score", *arguments)


@pytest.fixture(scope="module")
def killed(pictures, checkpoint, tmp_path_factory):
    """The work folder of a run that was killed in the middle, and the options it was run with."""
    work = tmp_path_factory.mktemp("killed") / "scores.parquet.parts"
    out = work.with_suffix("")
    options = ("--checkpoint", checkpoint, "--batch-size", 1, "--workers", 1, "--accelerator", "cpu")
    process = Forked(_score_until_a_part, work, pictures[0], "--out", out, *options, log=work.with_name("log"))
    assert process.wait(600) == -signal.SIGKILL, process.log.read_text()
    assert not out.exists()
    return work, options


def taken_up(killed, tmp_path) -> Path:
    """A copy of the killed run's work folder, with what other kills leave; gives the output it belongs to."""
    work = tmp_path / "scores.parquet.parts"
    shutil.copytree(killed[0], work)
    whole = next((work / "parts").glob("*.parquet"))
    (work / "parts" / f"{whole.name}.1.part").write_bytes(whole.read_bytes()[:100])
    (work / "result").mkdir()
    shutil.copy(whole, work / "result" / "00001.parquet")
    return tmp_path / "scores.parquet"


@pytest.fixture(scope="module")
def uninterrupted(pictures, checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "scores.parquet"
    score(out, checkpoint, pictures[0], batch_size=1)
    return pq.read_table(out)


def test_after_a_kill_the_same_command_finishes_the_same_table(killed, pictures, uninterrupted, tmp_path):
    out = taken_up(killed, tmp_path)
    before = {path: path.read_bytes() for path in pictures[1][:8]}
    for path in before:  # the first part is done, so its files are not read again
        path.write_bytes(b"no picture any more")
    try:
        said, progress = run("score", pictures[0], "--out", out, *killed[1])
    finally:
        for path, content in before.items():
            path.write_bytes(content)
    assert pq.read_table(out).equals(uninterrupted)
    assert "100 files" in progress and "files/s" in progress
    assert "100 files, 0 of them" in said
    assert not out.with_name("scores.parquet.parts").exists()


def test_files_that_came_or_went_during_an_interruption_change_no_other_row(
    killed, pictures, checkpoint, uninterrupted, tmp_path
):
    out = taken_up(killed, tmp_path)
    new, gone = pictures[0] / "00000" / "00000000-new.png", pictures[1][-1]
    new.touch()
    gone.rename(tmp_path / gone.name)
    try:
        assert score(out, checkpoint, pictures[0], batch_size=5) == (100, 1)
    finally:
        new.unlink()
        (tmp_path / gone.name).rename(gone)
    expected = {row["file"]: row for row in uninterrupted.to_pylist() if row["file"] != str(gone)}
    found = {row["file"]: row for row in rows(out)}
    assert found.pop(str(new))["error"] and found.keys() == expected.keys()
    for file, row in found.items():
        assert row["energy"] == pytest.approx(expected[file]["energy"], abs=1e-5)


def test_two_processes_finish_what_one_began(killed, pictures, uninterrupted, tmp_path):
    out = taken_up(killed, tmp_path)
    arguments = (pictures[0], "--out", out, *killed[1], "--devices", 2, "--strategy", "ddp")
    process = Forked(run, "score", *arguments, log=tmp_path / "log")  # it starts the other one
    assert process.wait(600) == 0, process.log.read_text()
    assert [path.name for path in sorted(out.iterdir())] == ["00000.parquet", "00001.parquet"]
    assert all(pq.read_metadata(path).num_rows for path in out.iterdir())
    found = pq.read_table(out).sort_by("file")
    for name in COLUMNS:
        if name in ("energy", "probability"):  # a process has fewer threads: the sums are taken in another order
            np.testing.assert_allclose(found[name], uninterrupted[name], atol=1e-5)
        elif name != "p_value":
            assert found[name].equals(uninterrupted[name])


def test_two_processes_end_with_one_sentence_where_there_is_nothing_to_do(checkpoint, tmp_path):
    (tmp_path / "empty").mkdir()
    options = ("--checkpoint", checkpoint, "--accelerator", "cpu", "--devices", 2)
    _, errors = run_process("score", tmp_path / "empty", "--out", tmp_path / "s.parquet", *options, code=2)
    assert errors.count("Error: There are no files in") == 1
    assert not (tmp_path / "s.parquet.parts").exists()


def test_a_work_folder_of_another_run_is_refused(killed, pictures, checkpoint, tmp_path):
    out = taken_up(killed, tmp_path)
    with pytest.raises(ValueError, match="its files: .* delete the folder, or choose another --out"):
        score(out, checkpoint, pictures[0] / "00000")
    other = EnergyNet(4, 42)
    save(tmp_path / "other.safetensors", other, make_card(other))
    with pytest.raises(ValueError, match="its checkpoint"):
        score(out, tmp_path / "other.safetensors", pictures[0])
    (tmp_path / "b.parquet.parts" / "parts").mkdir(parents=True)
    (tmp_path / "b.parquet.parts" / "thesis.txt").touch()
    with pytest.raises(ValueError, match="thesis.txt"):
        score(tmp_path / "b.parquet", checkpoint, pictures[0])
    assert (tmp_path / "b.parquet.parts" / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("inputs", "options", "words"),
    [
        (["nowhere"], {}, "no file or folder nowhere"),
        (["@nowhere"], {}, "no list of files nowhere"),
        (["README.md"], {"out": "scores.csv"}, "must end in .parquet"),
        (["README.md"], {"strategy": "deepspeed"}, "auto or ddp"),
        (["README.md"], {"accelerator": "abacus"}, "abacus"),
    ],
)
def test_bad_input_is_one_sentence(checkpoint, tmp_path, inputs, options, words):
    out = tmp_path / options.pop("out", "s.parquet")
    with pytest.raises(ValueError, match=words) as caught:
        score_files(inputs, out, checkpoint, Processes(**({"accelerator": "cpu", "workers": 0} | options)))
    assert "\n" not in str(caught.value)


def test_options_of_bulk_need_an_output(pictures, checkpoint):
    _, errors = run("score", pictures[1][0], "--checkpoint", checkpoint, "--batch-size", 9, code=2)
    assert "give --out NAME.parquet" in errors and len(errors.splitlines()) == 1
