"""Which state of a training is kept: by fresh chains, reading and strangers, and by its age where these are equal."""

import torch

from ebm.model.energy import EnergyNet
from ebm.training.validation import Validation


def selection(fresh: dict[str, float], done: float) -> float:
    torch.manual_seed(0)
    net, validation = EnergyNet(4, 3), Validation(3)
    x = torch.rand((6, 1, 56, 56), generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        validation.update(net, x, torch.tensor([0, 1, 2, 0, 1, 2]), None)
    return validation.figures(fresh, done)["val/selection"]


def test_of_equal_states_the_later_one_is_kept() -> None:
    assert selection({"recognised": 0.9}, 0.2) < selection({"recognised": 0.9}, 0.9)


def test_clearly_better_chains_count_more_than_age() -> None:
    assert selection({"recognised": 0.9}, 0.2) > selection({"recognised": 0.8}, 1.0)


def test_without_chains_age_does_not_count() -> None:
    assert selection({}, 0.2) == selection({}, 0.9)
