"""A tiny checkpoint and an explorer running on it, shared by the app's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from ebm import scores
from ebm.checkpoint import Card, save, save_examples
from ebm.data.corpus import to_bytes
from ebm.data.sorts import SORTS
from ebm.energy import EnergyNet

SETS = {"noise": ("far", "Every pixel random."), "stripes": ("near", "Stripes.")}


def tiny_checkpoint(path: Path, outputs: int = 42, with_scores: bool = True) -> Path:
    """Writes an untrained net of width 4 with a full card, and pictures beside it."""
    torch.manual_seed(0)
    model = EnergyNet(4, outputs).eval().requires_grad_(False)
    known = torch.full((40, 1, 56, 56), -1.0)
    for k, glyph in enumerate(known):
        glyph[:, 8:48, 10 + k % 20 : 20 + k % 20] = 1
    stripes = known.roll(7, 2) * torch.linspace(-1, 1, 56)
    pictures = {"test": known, "noise": torch.rand(40, 1, 56, 56) * 2 - 1, "stripes": stripes}
    measured = {
        name: {score: scores.score(model, x, score).tolist() for score in scores.scores_for(model)}
        for name, x in pictures.items()
    }
    reference = scores.score(model, known)
    card = Card(
        name="tiny",
        mode="jem" if outputs > 1 else "ebm",
        architecture=model.architecture(),
        preprocessing="pen",
        sorts=[s.name for s in SORTS][:outputs] if outputs > 1 else [],
        texts=[s.text for s in SORTS][:outputs] if outputs > 1 else [],
        sampler={
            "steps": 20,
            "print_steps": 64,
            "step_size": 10.0,
            "noise": 0.01,
            "grad_clip": 0.01,
            "start": "uniform",
            "smooth": False,
            "normalize": False,
            "anneal": 0.0,
        },
        recipe={},
        seed=0,
        data={
            "source": "bars",
            "strangers": {n: {"kind": kind, "description": text} for n, (kind, text) in SETS.items()},
        },
        threshold=scores.threshold(reference),
        threshold_rule="95 % quantile",
        reference_energies=reference.tolist(),
        set_scores=measured if with_scores else {},
    )
    save(path, model, card)
    if with_scores:
        save_examples(path, {name: to_bytes(x[:4]) for name, x in pictures.items()})
    return path


@pytest.fixture(scope="session")
def make_checkpoint() -> Callable[..., Path]:
    return tiny_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors")


@pytest.fixture(scope="session")
def url(checkpoint: Path) -> Iterator[str]:
    """The address of an explorer on the tiny checkpoint."""
    from app.page import build, launch_options

    page = build(checkpoint)
    _, address, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options())
    yield address
    page.close()
