"""Cards for networks that tests make on the spot."""

from ebm.checkpoint.card import Card
from ebm.data.synthetic.sorts import SORTS
from ebm.model.energy import EnergyNet
from ebm.model.mode import Mode
from ebm.sampling.sampler import Sampler


def make_card(net: EnergyNet, **changes) -> Card:
    """A card for an untrained network, with made-up reference energies."""
    fields = {
        "name": "tiny", "mode": "jem" if net.outputs > 1 else "ebm", "architecture": net.architecture(),
        "preprocessing": "pen", "sorts": [s.name for s in SORTS][: net.outputs],
        "texts": [s.text for s in SORTS][: net.outputs],
        "sampler": Sampler(steps=5, print_steps=10, step_size=10.0, grad_clip=0.02),
        "recipe": {}, "seed": 0, "data": {"source": "none", "digest": ""}, "threshold": 0.5,
        "threshold_rule": "made up", "reference_energies": [-1.0, 0.0, 1.0, 2.0],
    }  # fmt: skip
    fields |= changes
    return Card(**(fields | {"mode": Mode(fields["mode"])}))
