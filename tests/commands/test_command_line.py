"""The command line as a person uses it, with good and bad input; each way to end also as a process of its own."""

import json

import pytest
from helpers.command_line import run, run_process
from PIL import Image, ImageDraw


@pytest.fixture
def picture(tmp_path):
    image = Image.new("L", (200, 200), 250)
    ImageDraw.Draw(image).line([(60, 40), (60, 160), (140, 160)], fill=10, width=24)
    path = tmp_path / "letter.png"
    image.save(path)
    return path


def test_score_prints_a_table_and_one_json_object_a_line(tiny, picture):
    path, *_ = tiny
    table, _ = run("score", picture, "--checkpoint", path)
    assert "p-value" in table and str(picture) in table
    lines, _ = run_process("score", picture, picture, "--json", "--checkpoint", path)
    for line in lines.splitlines():
        verdict = json.loads(line)
        assert set(verdict) == {"file", "energy", "threshold", "p_value", "is_stranger", "top"}
        assert len(verdict["top"]) == 5
        assert set(verdict["top"][0]) == {"sort", "probability"}


def test_score_says_which_picture_is_faulty_and_reads_the_others(tiny, picture, tmp_path):
    path, *_ = tiny
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    lines, _ = run("score", bad, picture, "--json", "--checkpoint", path, code=1)
    first, second = map(json.loads, lines.splitlines())
    assert first["file"] == str(bad) and first["error"] and "energy" in second


def test_generate_writes_grid_strip_and_animation(tiny, tmp_path):
    path, *_ = tiny
    out = tmp_path / "out"
    run(
        "generate", "--checkpoint", path, "--sort", "a", "--count", 4, "--steps", 32, "--out", out, "--animation", "gif"
    )
    assert Image.open(out / "grid.png").width > 100
    assert Image.open(out / "strip.png").width > Image.open(out / "strip.png").height
    assert Image.open(out / "chain.gif").n_frames > 10
    run("generate", "--checkpoint", path, "--count", 1, "--steps", 9, "--at", 0, "--at", 9, "--out", out)
    assert Image.open(out / "strip.png").width == 2 * (2 * 56 + 6)  # two glyphs, three gaps of 2 pixels, enlarged twice


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("generate", "--sort", "þ"), "knows no sort"),
        (("data", "--data", "nowhere"), "neither 'pen' nor a folder"),
        (("train", "--set", "alfa=1"), "no hyper-parameter 'alfa'"),
        (("train", "--mode", "gan"), "mode is one of"),
        (("train", "--set", "alpha"), "name=value"),
        (("train", "--set", "alpha=abc"), "alpha must be of type float"),
        (("train", "--resume", "nowhere"), "to resume from"),
        (("generate", "--sort", "a", "--steps", 2, "--out", "README.md"), "README.md"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tiny, arguments, words):
    path, *_ = tiny
    extra = ("--checkpoint", path) if arguments[0] == "generate" else ()
    _, errors = run(*arguments, *extra, code=2)
    assert words in errors and len(errors.strip().splitlines()) == 1


def test_a_pickle_is_refused_by_the_command_line_too(tmp_path, picture):
    (tmp_path / "model.pt").write_bytes(b"x")
    _, errors = run_process("score", picture, "--checkpoint", tmp_path / "model.pt", code=2)
    assert "model.pt is refused" in errors


def test_evaluate_says_at_once_which_folder_holds_no_real_print(tiny, tmp_path):
    path, *_ = tiny
    _, said = run("evaluate", "--checkpoint", path, "--real", tmp_path / "none", "--out", tmp_path / "out", code=2)
    assert said.count("\n") == 1 and "There is no folder" in said and not (tmp_path / "out").exists()
