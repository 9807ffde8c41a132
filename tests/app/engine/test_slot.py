"""What the server hands to the page's engine: its modules, a model's facts and weights, and nothing else."""

import base64

import pytest
import torch
from fastapi.testclient import TestClient
from safetensors.torch import load

from app.server import create
from ebm.checkpoint.files import load as load_checkpoint


@pytest.fixture(scope="module")
def client(checkpoint):
    with TestClient(create(checkpoint)) as client:
        yield client


def call(client: TestClient, name: str, key: object):
    """What a function of the slot answers to a page."""
    config = client.get("/config").json()
    (slot,) = [c["id"] for c in config["components"] if c["props"].get("elem_id") == "engine"]
    asked = {"data": key, "fn_name": name, "component_id": slot, "session_hash": "a"}
    return client.post("/gradio_api/component_server", json=asked)


@pytest.mark.parametrize(
    ("name", "kind"), [("engine/engine.wasm", "application/wasm"), ("parts/player.js", "text/javascript")]
)
def test_modules_are_served(client: TestClient, name: str, kind: str) -> None:
    answer = client.get(f"/modules/{name}")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("name", ["server.py", "tabs/read/tab.py", "%2e%2e/README.md", "..%2f..%2fREADME.md", ""])
def test_nothing_else_is(client: TestClient, name: str) -> None:
    assert client.get(f"/modules/{name}").status_code == 404


def test_facts_and_weights_are_those_of_the_checkpoint(client: TestClient, checkpoint) -> None:
    model, card = load_checkpoint(checkpoint)
    facts = call(client, "facts", "tiny").json()
    assert facts["architecture"] == model.architecture()
    assert [sort["name"] for sort in facts["sorts"]] == card.sorts
    assert facts["threshold"] == card.threshold
    assert facts["reference"] == pytest.approx(sorted(card.reference_energies), abs=1e-4)
    sent = load(base64.b64decode(call(client, "weights", "tiny").json()))
    assert sent.keys() == model.state_dict().keys()
    assert all(torch.equal(sent[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("key", ["none", "../tiny", "mine~secret", 7, ["tiny"], {"path": "/etc/passwd"}])
def test_a_model_that_is_not_here_gives_nothing(client: TestClient, key: object) -> None:
    assert call(client, "facts", key).json() == {}
    assert call(client, "weights", key).json() == ""
