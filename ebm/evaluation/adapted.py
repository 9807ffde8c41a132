"""From an adapted network to a checkpoint: its threshold, and what its card says of the glyphs it was shown."""

import dataclasses
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ebm.checkpoint.card import Card
from ebm.checkpoint.description import describe_data, texts_of
from ebm.checkpoint.examples import typical_glyphs
from ebm.checkpoint.provenance import provenance
from ebm.data.corpus import SIZE, Corpus, to_bytes, to_model_space
from ebm.evaluation.export import Reference, calibrate
from ebm.model.energy import EnergyNet, in_batches
from ebm.training.adapt import Adaptation, NamedGlyphs

ENOUGH = 5  # glyphs of a sort from which one in five is held out for the threshold
SHIFTS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (2, 0), (0, 2), (-2, 0), (0, -2))  # pixels


def hold_out(shown: NamedGlyphs) -> tuple[NamedGlyphs, Tensor]:
    """Keeps one glyph in five of every sort that has at least five, for the threshold.

    Args:
        shown: glyphs of the new fount.

    Returns:
        the glyphs to learn from, and those held out (M, 1, 56, 56); M is 0 where no sort has five.
    """
    is_held = torch.zeros(len(shown.y), dtype=torch.bool)
    for sort in shown.y.unique():
        places = (shown.y == sort).nonzero().squeeze(1)
        if len(places) >= ENOUGH:
            is_held[places[ENOUGH - 1 :: ENOUGH]] = True
    return NamedGlyphs(shown.x[~is_held], shown.y[~is_held], shown.sorts), shown.x[is_held]


def reference_energies(net: EnergyNet, learnt: NamedGlyphs, held_out: Tensor, corpus: Corpus) -> Reference:
    """The energies that the threshold is taken from, and the rule in words.

    Glyphs of the fount that were held out are the right reference. Without any, two biased ones are mixed in equal
    shares: synthetic validation glyphs, whose energies are too high for clean crops of the fount, and shifted copies
    of the very glyphs that were shown, whose energies are too low.

    Args:
        net: the adapted network.
        learnt: glyphs that it was shown.
        held_out: glyphs of the fount that it was not shown, (M, 1, 56, 56); M may be 0.
        corpus: that it was trained on as well.

    Returns:
        the reference of the threshold.
    """
    own = in_batches(net, net.energy, to_model_space(corpus.images["val"]))
    if len(held_out):
        of_fount = in_batches(net, net.energy, held_out)
        rule = f"95 % quantile of {len(held_out)} held-out glyphs of the fount and as much weight of validation glyphs"
    else:
        copies = torch.cat([learnt.x.roll(shift, (2, 3)) for shift in SHIFTS])
        of_fount = in_batches(net, net.energy, copies)
        rule = (
            "provisional: 95 % quantile, half of it of synthetic validation glyphs, half of shifted copies of the "
            "glyphs that were shown; with five glyphs of a sort some can be held out instead"
        )
    ranks = (torch.arange(len(own)) + 0.5) / len(own)
    return Reference(torch.cat([own, torch.quantile(of_fount, ranks)]).sort().values, rule)


def export_adapted(
    path: Path, net: EnergyNet, base: Card, learnt: NamedGlyphs, held_out: Tensor, corpus: Corpus,
    settings: Adaptation | None, command: str = "", n: int = 300, printing: dict[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Measures an adapted network and writes weights, card and example pictures.

    Args:
        path: of the .safetensors file to write.
        net: the adapted network.
        base: the card of the model that was adapted.
        learnt: glyphs that it was shown.
        held_out: glyphs of the fount that it was not shown, (M, 1, 56, 56); M may be 0.
        corpus: that the base was trained on.
        settings: of the adaptation; None where the base had been adapted before and only learnt to print.
        command: noted in the card.
        n: strangers a set, at least 2: seconds, where `ebm evaluate` takes 1,000.
        printing: settings and steps of learning to print in the fount, noted in the card; None where it did not.

    Returns:
        path.
    """
    shown = len(learnt.y) + len(held_out)
    sorts = len(learnt.y.unique())
    about = f"adapted from {base.name} to {shown} glyphs of {sorts} sorts of another fount"
    made: dict[str, Any] = {"command": command[:1000]}
    if settings is not None:
        made["adapted"] = dataclasses.asdict(settings)
    if printing is not None:
        about += ", and trained on to print in it"
        made["printing"] = printing
    source = f"{base.data.get('source', '')} Then {about}."
    data = base.data | {"source": source.strip(), "strangers": describe_data(corpus)["strangers"]}
    card = dataclasses.replace(
        base, name=path.stem, architecture=net.architecture(), sorts=learnt.sorts, texts=texts_of(learnt.sorts),
        data=data, metrics={}, set_scores={}, made_with=made | provenance(),
        notes=f"{about[0].upper()}{about[1:]}. {base.notes}",
    )  # fmt: skip
    new_sorts = range(len(corpus.sorts), len(learnt.sorts))
    typical = torch.cat([typical_glyphs(net, corpus), *(_first_glyph(learnt, sort) for sort in new_sorts)])
    reference = reference_energies(net, learnt, held_out, corpus)
    return calibrate(path, net, card, corpus, n=n, resamples=20, reference=reference, typical=typical)


def _first_glyph(learnt: NamedGlyphs, sort: int) -> Tensor:
    """A shown glyph of a sort, uint8 (1, 56, 56); blank paper where only an earlier case had one."""
    found = learnt.x[learnt.y == sort][:1]
    return to_bytes(found) if len(found) else torch.zeros(1, SIZE, SIZE, dtype=torch.uint8)
