"""Several checkpoints in one folder: each has a page and endpoints of its own."""

import shutil
import warnings
from pathlib import Path

import pytest
from gradio_client import Client

from app.model import load_siblings
from app.page import build, launch_options


@pytest.fixture(scope="module")
def folder(make_checkpoint, tmp_path_factory):
    """A JEM, an EBM, and files that are no checkpoints or faulty ones."""
    folder = tmp_path_factory.mktemp("several")
    make_checkpoint(folder / "first.safetensors")
    make_checkpoint(folder / "an-ebm.safetensors", outputs=1)
    (folder / "weights-only.safetensors").write_bytes(b"")
    shutil.copy(folder / "first.safetensors", folder / "broken.safetensors")
    (folder / "broken.json").write_text("{}")
    return folder


def test_siblings_are_loaded_and_faulty_ones_left_out_with_a_warning(folder: Path):
    with pytest.warns(UserWarning, match=r"Left out: The card broken.json lacks"):
        (other,) = load_siblings(folder / "first.safetensors")
    assert not other.has_sorts and other.suffix == "_an_ebm"


def test_each_model_answers_at_its_own_address(folder: Path, tmp_path: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        page = build(folder / "first.safetensors")
    _, url, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options())
    try:
        client = Client(url, verbose=False, download_files=False)
        names = set(client.view_api(return_format="dict")["named_endpoints"])
        assert {"/score", "/generate", "/strangers", "/score_an_ebm", "/generate_an_ebm", "/strangers_an_ebm"} <= names
        first, other = (client.predict("noise", -1.0, api_name=name) for name in ("/strangers", "/strangers_an_ebm"))
        assert first != other
        *_, grid = client.predict("any", 2, 16, 1.0, 0.0, 0, api_name="/generate_an_ebm")
        assert grid
    finally:
        page.close()
