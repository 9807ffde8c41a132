"""The explorer through gradio_client, and its parts where a browser is not needed."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from helpers.command_line import run
from PIL import Image

import ebm
from app.models.loaded import load
from app.models.samples import samples_to_read
from app.page.page import build
from app.tabs.print import run as printing
from app.tabs.read import verdict_card as reading
from app.tabs.strangers import tables as strangers_tables

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def refusal(client: Client, *arguments: Any, api_name: str) -> str:
    """The one sentence with which a call is refused."""
    with pytest.raises(AppError) as caught:
        client.predict(*arguments, api_name=api_name)
    text = caught.value.args[0]
    assert text.endswith(".") and "\n" not in text and "Traceback" not in text
    assert "/tmp" not in text and str(ROOT) not in text
    return text


def test_score_agrees_with_the_verdict(client: Client, checkpoint: Path, picture: Path) -> None:
    answer = client.predict(handle_file(picture), api_name="/score")
    model, card = ebm.load(checkpoint)
    verdict = ebm.verdict(model, card, ebm.to_glyph(picture))
    assert answer["energy"] == pytest.approx(verdict.energy, abs=1e-5)
    assert answer["p_value"] == pytest.approx(verdict.p_value)
    assert answer["is_stranger"] is verdict.is_stranger and answer["threshold"] == card.threshold
    assert [entry["sort"] for entry in answer["top"]] == [sort for sort, _ in verdict.top] and len(answer["top"]) == 5
    assert set(answer["top"][0]) == {"sort", "text", "probability"}


def test_bad_pictures_are_one_sentence(client: Client, picture: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture at all")
    (tmp_path / "cut.png").write_bytes(picture.read_bytes()[:150])
    (tmp_path / "empty.png").write_bytes(b"")
    Image.new("L", (80, 80), 200).save(tmp_path / "blank.png")
    Image.new("1", (7000, 6000)).save(tmp_path / "huge.png")
    for name in ("text", "cut", "empty", "blank", "huge"):
        assert refusal(client, handle_file(tmp_path / f"{name}.png"), api_name="/score")
    assert "picture" in refusal(client, None, api_name="/score")


def test_generate_streams_frames_and_ends_with_the_grid(client: Client) -> None:
    job = client.submit("a", 3, 32, 10.0, 0.01, 7, api_name="/generate")
    job.result(timeout=600)
    outputs = job.outputs()
    steps = [report["step"] for report, _ in outputs]
    assert steps == sorted(steps) and steps[0] == 0 and steps[-1] == 32 and len(steps) > 5
    assert all(grid is None for _, grid in outputs[:-1])
    report, grid = outputs[-1]
    assert len(report["energy"]) == 3 and len(report["read_as"]) == 3
    assert np.mean(report["energy"]) < np.mean(outputs[0][0]["energy"])  # downhill
    assert Image.open(grid).size == (4 * (2 * 60 + 4), 4 * (2 * 60 + 4))
    again = client.predict("a", 3, 32, 10.0, 0.01, 7, api_name="/generate")
    assert again[0]["energy"] == report["energy"]  # the seed decides everything


def test_generate_takes_any_and_characters(client: Client) -> None:
    for sort in ("any", "long-s", "\u017f"):
        report, _ = client.predict(sort, 1, 16, 1.0, 0.0, 0, api_name="/generate")
        assert report["step"] == 16


@pytest.mark.parametrize(
    ("wishes", "named"),
    [
        (("nonsense", 1, 16, 1.0, 0.0, 0), "sort"),
        (("a", 0, 16, 1.0, 0.0, 0), "glyphs"),
        (("a", 101, 16, 1.0, 0.0, 0), "glyphs"),
        (("a", 1.5, 16, 1.0, 0.0, 0), "glyphs"),
        (("a", 1, 15, 1.0, 0.0, 0), "steps"),
        (("a", 1, 100_000, 1.0, 0.0, 0), "steps"),
        (("a", 1, 16, -1.0, 0.0, 0), "step size"),
        (("a", 1, 16, 1.0, 9.0, 0), "noise"),
        (("a", 1, 16, "much", 0.0, 0), "step size"),
        (("a", 1, 16, 1.0, 0.0, -3), "seed"),
        (("a", 1, 16, 1.0, 0.0, None), "seed"),
    ],
)
def test_bounds_are_kept_on_the_server(client: Client, wishes: tuple, named: str) -> None:
    assert named in refusal(client, *wishes, api_name="/generate")


def test_strangers_answers_rates_and_auroc(client: Client, checkpoint: Path) -> None:
    _, card = ebm.load(checkpoint)
    answer = client.predict("noise", card.threshold, api_name="/strangers")
    known, odd = (np.array(card.set_scores[name]["energy"]) for name in ("test", "noise"))
    assert answer["false_positive_rate"] == (known > card.threshold).mean()
    assert answer["true_positive_rate"] == (odd > card.threshold).mean()
    pairs = (odd[:, None] > known).mean() + 0.5 * (odd[:, None] == known).mean()
    assert answer["auroc"]["energy"] == pytest.approx(pairs)
    assert set(answer["auroc"]) == {"energy", "conditional_energy", "msp", "mass"}
    assert "noise" in refusal(client, "martians", 0.0, api_name="/strangers")
    assert "threshold" in refusal(client, "noise", None, api_name="/strangers")


PUBLIC = {"/page", "/adapt", 
    "/score", "/influence", "/restore", "/generate", "/compose", "/word", "/judge", "/train", "/strangers",
    "/strangers_own", "/path", "/plane",
}  # fmt: skip


def test_only_the_named_endpoints_are_public(client: Client) -> None:
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == PUBLIC


def test_bad_checkpoint_ends_with_one_sentence_and_2(tmp_path: Path) -> None:
    arguments = ("--no-browser", "--port", free_port(), "--checkpoint", tmp_path / "no.safetensors")
    _, errors = run(*arguments, module="app", code=2)
    assert "no.safetensors" in errors and len(errors.strip().splitlines()) == 1


def test_busy_port_is_one_sentence(checkpoint: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "app", "--no-browser", "--port", port, "--checkpoint", str(checkpoint)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 2 and port in done.stderr and len(done.stderr.strip().splitlines()) == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_ebm_prints_only_any(make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    loaded = load(make_checkpoint(tmp_path / "one.safetensors", outputs=1))
    request = printing.check(loaded, "any", 2, 16, 1.0, 0.0, 0)
    frames = list(printing.run(loaded, request))
    assert frames[-1].step == 16 and len(printing.read_back(loaded, request, frames[-1].x)[0]) == 0
    with pytest.raises(ValueError, match="any"):
        printing.check(loaded, "a", 2, 16, 1.0, 0.0, 0)
    assert "no sorts" in reading.card_of(loaded, torch.zeros(1, 56, 56))
    build(tmp_path / "one.safetensors")


def test_a_bare_checkpoint_is_shown_with_a_note(make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path / "bare.safetensors", with_scores=False)
    loaded = load(path)
    assert [sample.key for sample in samples_to_read(loaded)] == ["noise", "plain stroke"]
    with pytest.raises(ValueError, match="no scores"):
        strangers_tables.rates(loaded, "noise", 0.0)
    build(path)
