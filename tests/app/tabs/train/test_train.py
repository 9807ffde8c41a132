"""The endpoint that trains a small model, and the switch that turns training off."""

from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

import ebm
from app.page.page import build


def test_a_program_trains_a_model_and_gets_its_files(url: str, tmp_path: Path):
    client = Client(url, verbose=False, download_files=str(tmp_path))
    job = client.submit(["a", "o"], "jem", 10, 0, api_name="/train")
    report, files = job.result(timeout=600)
    assert report["steps"] > 10 and len(job.outputs()) > 3 and job.outputs()[0][0]["stage"] == "matching"
    weights, card = (Path(file) for file in files)
    card.rename(weights.with_suffix(".json"))
    assert ebm.load(weights)[1].sorts == ["a", "o"]
    for wishes, said in (((["a", "o"], "jem", 10_000, 0), "10 to 180 seconds"), ((["zz"], "jem", 10, 0), "no sort")):
        with pytest.raises(AppError, match=said):
            client.predict(*wishes, api_name="/train")


def test_training_can_be_turned_off(checkpoint: Path):
    names = {f.api_name for f in build(checkpoint, training=False).fns.values()}
    assert "train" not in names and "score" in names
