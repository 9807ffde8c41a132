"""Several checkpoints: those of the folder, and those that visitors bring."""

import shutil
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from app.models.library import Models


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


@pytest.fixture
def models(folder: Path) -> Models:
    return Models(folder / "first.safetensors")


def test_the_first_model_comes_first_and_the_others_when_asked_for(models: Models):
    assert models.shipped() == ["first", "an-ebm", "broken"]
    assert models.get("") is models.first and models.get(None) is models.first
    assert not models.get("an-ebm").has_sorts and models.get("an-ebm") is models.get("an-ebm")
    with pytest.raises(ValueError, match="broken.json lacks"):
        models.get("broken")


@pytest.mark.parametrize("key", ["no such model", "../first", 7, "first~made-up"])
def test_other_keys_are_refused(models: Models, key: object):
    with pytest.raises(ValueError, match="no model|no longer kept"):
        models.get(key)


def test_a_visitor_brings_a_model_that_only_its_key_opens(models: Models, folder: Path):
    key = models.bring([folder / "first.safetensors", folder / "first.json", folder / "first.examples.safetensors"])
    assert key not in models.shipped() and models.get(key).examples.keys() == models.first.examples.keys()
    assert models.title(key) == "tiny (yours)"
    assert models.bring([folder / "first.safetensors", folder / "first.json"]) != key


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "Choose two files"),
        (["first.safetensors"], "Choose two files"),
        (["first.safetensors", "an-ebm.safetensors", "first.json"], "Choose two files"),
        (["first.safetensors", "broken.json"], "lacks the field"),
        (["weights-only.safetensors", "first.json"], "not a whole safetensors"),
        (["first.safetensors", "an-ebm.json"], "first.safetensors"),
        (["model.ckpt", "first.json"], "model.ckpt is refused"),
    ],
)
def test_what_is_no_model_is_refused_in_a_sentence(models: Models, folder: Path, names: list[str], said: str):
    (folder / "model.ckpt").write_bytes(b"a pickle")
    with pytest.raises(ValueError, match=said) as caught:
        models.bring([folder / name for name in names])
    assert str(folder) not in str(caught.value)


def test_only_so_many_models_of_visitors_are_kept(folder: Path):
    models = Models(folder / "first.safetensors", kept=2)
    files = [folder / "first.safetensors", folder / "first.json"]
    first, second = models.bring(files), models.bring(files)
    models.get(first)
    third = models.bring(files)
    assert models.get(first) and models.get(third)
    with pytest.raises(ValueError, match="no longer kept"):
        models.get(second)


def test_endpoints_take_the_model_by_name(folder: Path, serving):
    with serving(folder / "first.safetensors") as url:
        client = Client(url, verbose=False, download_files=False)
        first, other = (client.predict("noise", -1.0, name, api_name="/strangers") for name in ("first", "an-ebm"))
        assert first != other and client.predict("noise", -1.0, api_name="/strangers") == first
        *_, grid = client.predict("any", 2, 16, 1.0, 0.0, 0, "an-ebm", api_name="/generate")
        assert grid
        with pytest.raises(AppError, match="There is no model 'third'; there are: first, an-ebm, broken."):
            client.predict(handle_file(__file__), "third", api_name="/score")
