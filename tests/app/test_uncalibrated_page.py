"""A student's own model, imported without data: everything is shown but verdicts, which nobody could give."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from helpers.app_pages import open_page, open_tab
from helpers.students import StudentNet, save_student
from PIL import Image, ImageDraw

from ebm.importing.import_model import import_model


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of six classes, imported from its Lightning checkpoint."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("student")
    return import_model(save_student(folder / "mine.ckpt", StudentNet())).path


@pytest.fixture(scope="module")
def address(student: Path, serving) -> Iterator[str]:
    with serving(student) as url:
        yield url


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("letter") / "letter.png"
    image = Image.new("L", (100, 100), 250)
    ImageDraw.Draw(image).line([(30, 20), (30, 80), (70, 80)], fill=10, width=12)
    image.save(path)
    return path


def test_programs_get_energies_and_no_verdicts(address: str, letter: Path) -> None:
    client = Client(address, verbose=False, download_files=False)
    picture = handle_file(letter)
    said = client.predict(picture, api_name="/score")
    assert said["threshold"] is said["p_value"] is said["is_stranger"] is None
    assert isinstance(said["energy"], float) and len(said["top"]) == 5
    report, _ = client.predict("any", 2, 16, 1.0, 0.0, 0, api_name="/generate")
    assert report["is_stranger"] == [None, None] and "uncalibrated" in report["note"]
    report, _ = client.predict(picture, steps=8, api_name="/restore")
    assert report["threshold"] is None and isinstance(report["after"], float)
    for name in ("noise",):
        with pytest.raises(AppError, match="has no scores of known glyphs"):
            client.predict(name, 0.0, api_name="/strangers")
    with pytest.raises(AppError, match="has no scores of known glyphs"):
        client.predict([picture], api_name="/strangers_own")


def test_the_page_says_that_it_is_uncalibrated(browser, address: str, letter: Path) -> None:
    for page in open_page(browser, address, 1280):
        assert "uncalibrated" in page.inner_text("#reading") and "No verdict" in page.inner_text("#reading")
        assert page.query_selector("#reading .ruler") is None
        for tab in ("Print", "Strangers", "Surface", "Train", "Learn"):
            open_tab(page, tab)
        open_tab(page, "Strangers")
        assert "without scores" in page.inner_text("#no-strangers")
