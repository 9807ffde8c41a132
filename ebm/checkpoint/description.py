"""What a card says about a model in words: its data, its sorts, its limits."""

from typing import Any

from ebm.data import STRANGERS
from ebm.data.corpus import SPLITS, Corpus
from ebm.data.synthetic.sorts import SORTS
from ebm.model.mode import Mode

UNCALIBRATED = "none: no known glyphs were at hand to set it on"
_ANY_MODEL = "Energies are comparable within one model only. Nothing is known of other data than the corpus named here."
_LIMITS = {
    Mode.JEM: "Strangers that resemble known sorts often pass: other scripts, turned and mirrored letters. Chains "
    "without a wanted sort sometimes end in forms that are no letter. ",
    Mode.CONDITIONAL: "The energy of a glyph without its class is a logsumexp that no contrastive loss has shaped. "
    "Strangers that resemble known sorts often pass. ",
    Mode.EBM: "It knows no classes and cannot read. Some of its glyphs are no letters, and it tells near strangers "
    "from known glyphs much worse than a joint model. ",
    Mode.CLASSIFIER: "No contrastive loss has shaped its energies; chains on them are no samples. ",
}


def limits_of(mode: Mode) -> str:
    """What a reader of the card should know about the limits of a model of this mode."""
    return _LIMITS[mode] + _ANY_MODEL


def texts_of(sorts: list[str]) -> list[str]:
    """The characters of sorts; for a sort that the pen does not know, its name."""
    texts = {s.name: s.text for s in SORTS}
    return [texts.get(name, name) for name in sorts]


def describe_data(corpus: Corpus) -> dict[str, Any]:
    """What a card says about the data: source, sizes, digest, and the stranger sets.

    The digests of the stranger sets are added when they are measured.

    Args:
        corpus: that a model was trained or calibrated on.

    Returns:
        the card's field `data`.
    """
    kinds = {
        name: {
            "kind": chosen.kind,
            "description": chosen.description,
        }
        for name, chosen in STRANGERS.items()
    }
    given = {name: {"kind": "near", "description": "Came with the corpus."} for name in corpus.strangers}
    return {
        "source": corpus.source,
        "digest": corpus.digest(),
        "sizes": {split: len(corpus.labels[split]) for split in SPLITS},
        "strangers": kinds | given,
    }
