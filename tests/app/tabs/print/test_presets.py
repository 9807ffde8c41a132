"""The presets of the tab Print do with the shipped model what their sentences say."""

from dataclasses import replace

import pytest
import torch

import ebm
from app.tabs.print.controls import PRESETS
from ebm.sampling.chains import chains, last_of
from ebm.system.places import DEFAULT_CHECKPOINT

FAILS = {"too much noise", "small steps"}
GLYPHS = 24  # of six sorts


@pytest.fixture(scope="module")
def shipped():
    return ebm.load(DEFAULT_CHECKPOINT)


def energies(shipped, preset: str) -> torch.Tensor:
    model, card = shipped
    longer, further, hotter, _ = PRESETS[preset]
    steps = longer * card.sampler.print_steps
    sampler = replace(
        card.sampler, step_size=further * card.sampler.step_size, print_noise=hotter * card.sampler.print_noise
    )
    run = chains(model, GLYPHS, sampler=sampler, steps=steps, labels=torch.arange(6).repeat(4), seed=3, every=steps)
    return model.energy(last_of(run))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_prints_known_glyphs_or_fails_as_it_says(preset: str, shipped) -> None:
    known = int((energies(shipped, preset) <= shipped[1].threshold).sum())
    assert known <= 2 if preset in FAILS else known >= GLYPHS - 2


def test_ten_times_longer_sinks_below_nearly_all_known_glyphs(shipped) -> None:
    known = torch.tensor(shipped[1].reference_energies)
    assert energies(shipped, "ten times longer").mean() < known.quantile(0.05)
    assert energies(shipped, "trained recipe").mean() > known.quantile(0.05)
