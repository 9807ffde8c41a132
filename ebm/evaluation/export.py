"""From trained weights to a checkpoint that ships: threshold, reference energies, measured card."""

import dataclasses
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from ebm.checkpoint.files import TYPICAL, Card, load, save, save_examples
from ebm.data import STRANGERS, strangers
from ebm.data.corpus import SPLITS, Corpus, to_bytes, to_model_space
from ebm.data.synthetic.sorts import SORTS
from ebm.evaluation.calibration import fit_temperature
from ebm.evaluation.measure import measure
from ebm.model.energy import EnergyNet, in_batches
from ebm.scoring.scores import score, threshold
from ebm.training.recipe import Recipe

KEPT_SCORES = 300  # values a set and score that the card keeps for the explorer's figures
KEPT_EXAMPLES = 12  # pictures a set
# What a reader of the card should know; what was measured is in its metrics.
_ANY_MODEL = "Energies are comparable within one model only. Nothing is known of other data than the corpus named here."
UNCALIBRATED = "none: no known glyphs were at hand to set it on"
LIMITS = {
    "jem": "Strangers that resemble known sorts often pass: other scripts, turned and mirrored letters. Chains "
    "without a wanted sort sometimes end in forms that are no letter. ",
    "conditional": "The energy of a glyph without its class is a logsumexp that no contrastive loss has shaped. "
    "Strangers that resemble known sorts often pass. ",
    "ebm": "It knows no classes and cannot read. Its glyphs are fragments of letters, and it tells near strangers from "
    "known glyphs much worse than a joint model. ",
    "classifier": "No contrastive loss has shaped its energies; chains on them are no samples. ",
}


def export(path: Path, net: EnergyNet, recipe: Recipe, corpus: Corpus, made: dict[str, Any], **measuring: Any) -> Path:
    """Measures a trained network and writes weights, card and example pictures.

    Args:
        path: of the .safetensors file to write.
        net: with the weights to ship; recipe, corpus: what made them.
        made: facts about the run for the card (command, seconds, steps, `provenance`, ...).
        measuring: n, resamples of `ebm.evaluation.measure.measure` where they differ; what takes minutes is left
            to `ebm.evaluation.measure`, which can add it to the card.

    Returns:
        path.
    """
    card = Card(
        name=path.stem, mode=recipe.mode, architecture=net.architecture(), preprocessing=corpus.preprocessing,
        sorts=corpus.sorts, texts=texts_of(corpus.sorts), sampler=recipe.sampler(),
        recipe=dataclasses.asdict(recipe), seed=recipe.seed, data=describe_data(corpus), threshold=None,
        threshold_rule=UNCALIBRATED, reference_energies=[], made_with=made, notes=LIMITS[recipe.mode] + _ANY_MODEL,
    )  # fmt: skip
    return calibrate(path, net, card, corpus, **measuring)


def calibrate(path: Path, net: EnergyNet, card: Card, corpus: Corpus, **measuring: Any) -> Path:
    """Sets threshold, reference energies and temperature on a corpus, measures, and writes all that ships.

    Args:
        path: of the .safetensors file to write; net: its network.
        card: of an uncalibrated model, with `data` as `describe_data` gives it.
        corpus: with the classes of the network; measuring: as in `export`.

    Returns:
        path.
    """
    held_out = to_model_space(corpus.images["val"])
    reference = score(net, held_out)
    card = dataclasses.replace(
        card, threshold=threshold(reference), threshold_rule="95 % quantile of the energies of the validation split",
        reference_energies=[float(f"{v:.7g}") for v in reference.sort().values.tolist()],
        temperature=_temperature(net, held_out, corpus),
    )  # fmt: skip
    save(path, net, card)
    model, card = load(path)
    result = measure(model, card, corpus, **measuring)
    kept = {
        key: {name: [float(f"{v:.6g}") for v in _thin(values)] for name, values in by_score.items()}
        for key, by_score in result.scores.items()
    }
    described = {name: about | {"digest": result.digests[name]} for name, about in card.data["strangers"].items()}
    data = card.data | {"strangers": described}
    save(path, net, dataclasses.replace(card, set_scores=kept, metrics=result.report, data=data))
    save_examples(path, examples_of(corpus))
    return path


def texts_of(sorts: list[str]) -> list[str]:
    """The characters that sorts print; a sort that the pen does not know prints its name."""
    texts = {s.name: s.text for s in SORTS}
    return [texts.get(name, name) for name in sorts]


def examples_of(corpus: Corpus) -> dict[str, Tensor]:
    """The pictures that a checkpoint carries for the explorer: uint8 (N, 56, 56) by set, and the typical glyphs."""
    examples = {"test": corpus.images["test"][:KEPT_EXAMPLES]}
    examples |= {name: to_bytes(strangers(name, KEPT_EXAMPLES, seed=1)) for name in STRANGERS}
    examples |= {name: images[:KEPT_EXAMPLES] for name, images in corpus.strangers.items()}
    return examples | {TYPICAL: typical_glyphs(corpus)}


def typical_glyphs(corpus: Corpus) -> Tensor:
    """Of each sort the test glyph nearest to its sort's mean: uint8 (C, 56, 56), blank where there is none."""
    images, labels = corpus.images["test"], corpus.labels["test"]
    chosen = torch.zeros((len(corpus.sorts), *images.shape[1:]), dtype=torch.uint8)
    for label in labels.unique().tolist():
        glyphs = images[labels == label].float()
        far = (glyphs - glyphs.mean(0)).square().sum((1, 2))
        chosen[label] = glyphs[far.argmin()].to(torch.uint8)
    return chosen


def _temperature(net: EnergyNet, held_out: Tensor, corpus: Corpus) -> float:
    """Fitted on the validation split; 1 where there are no classes."""
    if net.outputs == 1:
        return 1.0
    return round(fit_temperature(in_batches(net, net.get_logits, held_out), corpus.labels["val"]), 5)


def _thin(values: np.ndarray) -> np.ndarray:
    """At most 300 values, the middles of 300 equal ranks, so that distribution and rates stay as they are."""
    ordered = np.sort(values)
    if len(ordered) <= KEPT_SCORES:
        return ordered
    return ordered[((np.arange(KEPT_SCORES) + 0.5) / KEPT_SCORES * len(ordered)).astype(int)]


def describe_data(corpus: Corpus) -> dict[str, Any]:
    """What a card says of the data: source, sizes, digest, and the stranger sets (`measure` adds their digests)."""
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


def _git(*arguments: str) -> str:
    """What git says of the folder of this package."""
    run = subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=Path(__file__).parents[1], check=True)
    return run.stdout.strip()


def provenance() -> dict[str, Any]:
    """Versions, date and git commit of this moment."""
    try:
        commit = _git("rev-parse", "HEAD") + ("-dirty" if _git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "git_commit": commit,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "pytorch_lightning": pl.__version__,
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
    }
