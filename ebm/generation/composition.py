"""Energies put together: several sorts in one glyph, a sort but not another, and guidance towards a class.

All of it is heuristic. A weighted sum of energies is an energy like any other, but these were never
trained together, so it is not the law of "both at once".
"""

import re
import unicodedata

import torch
from torch import Tensor, nn

from ebm.checkpoint.card import Card
from ebm.model.energy import EnergyNet

# What is taken away without a number. A logit may fall far, and one term that gains by it wins over all others: tried
# on both shipped JEMs, 0.01 to 0.06 gives glyphs that avoid what they could be mistaken for, 0.15 and more no glyphs.
NOT = 0.03
MOST_TERMS, HEAVIEST, LONGEST_TEXT = 6, 100.0, 200
MINUS = r"\-" + "\N{MINUS SIGN}\N{EN DASH}"
LEAD = rf"(?:\s|\b(?i:and|but|with|plus|minus|not|without)\b|[,&+{MINUS}])*"
NUMBER = r"(?:(?P<number>\d+\.?\d*|\.\d+)(?![\d.])\s*[*\N{MULTIPLICATION SIGN}\N{MIDDLE DOT}]?\s*)?"
EXAMPLES = "e; c and e; e but not c; 2 e + c - 0.05 o"


def parse(text: str, card: Card) -> dict[int, float]:
    """What people type of sorts and weights: class -> weight, none of them 0.

    A term is a sort by name or character, with its weight before it. Terms are joined by "and", "but",
    "with", "plus", commas, & and +, or stand side by side; "-", "minus", "not" and "without" turn a
    term's sign. Without a number a term weighs 1, or -`NOT` where it is taken away. A sort named twice
    gets the sum.

    Args:
        text: at most 200 characters; card: its sorts and texts are the names that are known.

    Raises:
        ValueError: for an EBM, which has no classes, an empty or too long text, an unknown sort, more than
            `MOST_TERMS` terms, a weight beyond `HEAVIEST`, or where no weight is above 0.
    """
    if card.architecture["outputs"] == 1:
        raise ValueError("This model is an EBM without classes; it has no sorts to put together.")
    text = unicodedata.normalize("NFC", text).strip()
    if not text or len(text) > LONGEST_TEXT:
        raise ValueError(f"Name sorts in at most {LONGEST_TEXT} characters, for instance: {EXAMPLES}.")
    classes = {unicodedata.normalize("NFC", n): k for names in (card.texts, card.sorts) for k, n in enumerate(names)}
    term = re.compile(rf"(?P<lead>{LEAD}){NUMBER}(?P<sort>{_any_of(classes)})")
    weights: dict[int, float] = {}
    terms = at = 0
    while at < len(text):
        match = term.match(text, at)
        if match is None:
            raise _not_understood(text[at:], card)
        sort = classes[match["sort"]]
        weights[sort] = weights.get(sort, 0.0) + _weight(match["lead"].lower(), match["number"])
        terms, at = terms + 1, match.end()
    if terms > MOST_TERMS:
        raise ValueError(f"At most {MOST_TERMS} terms can be put together, not {terms}.")
    weights = {sort: weight for sort, weight in weights.items() if weight}
    _positive_sum(weights)
    return weights


def _any_of(names: dict[str, int]) -> str:
    """A pattern for any of the names, the longest first, each a whole word."""
    ordered = sorted(filter(None, names), key=len, reverse=True)
    return "|".join(re.escape(name) + (r"(?!\w)" if name[-1].isalnum() else "") for name in ordered)


def _weight(lead: str, number: str | None) -> float:
    """The weight of a term from what stands before its sort."""
    sign = (-1) ** len(re.findall(f"minus|not|without|[{MINUS}]", lead))
    if number is None:
        return 1.0 if sign > 0 else -NOT
    return sign * float(number)


def _not_understood(rest: str, card: Card) -> ValueError:
    """Says what of a text is no sort."""
    lead = re.match(LEAD + NUMBER, rest)
    word = re.split(r"[\s,&+]", rest[lead.end() if lead else 0 :], maxsplit=1)[0]
    if not word:
        return ValueError(f"There is no sort after {rest.strip()[:40]!r}. Write, for instance: {EXAMPLES}.")
    return ValueError(f"The model knows no sort {word[:40]!r}; it knows: {', '.join(card.sorts)}.")


def _positive_sum(weights: dict[int, float]) -> float:
    """The sum of the weights above 0, when they can be used."""
    if not all(abs(weight) <= HEAVIEST for weight in weights.values()):
        raise ValueError(f"Weights lie between -{HEAVIEST:.0f} and {HEAVIEST:.0f}.")
    total = sum(weight for weight in weights.values() if weight > 0)
    if not total:
        raise ValueError("At least one sort needs a weight above 0: what is not wanted is no glyph yet.")
    return total


def compose(model: EnergyNet, weights: dict[int, float]) -> EnergyNet:
    """A network of one output whose f is the weighted sum of logits, sum_k w_k f(x)[k], exactly.

    The logits are linear in the last layer, so its row is the weighted sum of rows; features are shared
    with the model. The weights are divided by the sum of those above 0: energies then stay on the scale
    of one sort's energy, and so does the temperature at which chains run. One sort alone is q(x, y).

    Source: Du, Li & Mordatch 2020: conjunction is the sum of energies, negation a negative weight.

    Args:
        model: a network with classes; weights: class -> weight, as `parse` gives them.

    Raises:
        ValueError: for classes the model does not have, a weight beyond `HEAVIEST`, or none above 0.
    """
    if wrong := [k for k in weights if not 0 <= k < model.outputs]:
        raise ValueError(f"The model has the classes 0 to {model.outputs - 1}, not {wrong[0]}.")
    total = _positive_sum(weights)
    state = {name: value.detach() for name, value in model.state_dict().items()}
    for name in [n for n in state if n.startswith("classifier")]:
        state[name] = torch.stack([w / total * state[name][k] for k, w in weights.items()]).sum(0, keepdim=True)
    with torch.device("meta"):  # no memory, and nothing drawn from the global random numbers
        net = EnergyNet(model.width, 1, model.head)
    net.load_state_dict(state, assign=True)
    return net.eval().requires_grad_(False)


class Guided(nn.Module):
    """The energy -(log q(x) + strength * log p(y | x)) of a joint model; see `guide`."""

    label: Tensor

    def __init__(self, model: EnergyNet, label: int | Tensor, strength: float):
        super().__init__()
        self.model, self.strength = model, strength
        self.register_buffer("label", torch.as_tensor(label, device=next(model.parameters()).device))

    def energy(self, x: Tensor) -> Tensor:
        """E (N,) of glyphs (N, 1, 56, 56); raises a ValueError where there are labels, but not N of them."""
        if self.label.dim() and len(self.label) != len(x):
            raise ValueError(f"There are {len(self.label)} labels for {len(x)} glyphs.")
        logits = self.model.get_logits(x)
        wanted = logits.gather(1, self.label.expand(len(x))[:, None]).squeeze(1)
        return -((1 - self.strength) * torch.logsumexp(logits, dim=1) + self.strength * wanted)


def guide(model: EnergyNet, label: int | Tensor, strength: float) -> Guided:
    """The model's own classifier steers its chains: E(x) = -(log q(x) + strength * log p(y | x)).

    log p(y | x) = f(x)[y] - log q(x), up to one constant, so strength 0 is the energy of x, 1 that of
    (x, y), and above 1 the class counts more than in the joint model.

    Source: a JEM is both parts in one network (Grathwohl et al. 2020); the strength above 1
    is guidance (Dhariwal & Nichol 2021; with no classifier apart: Ho & Salimans 2022).

    Args:
        model: a network with classes.
        label: of all chains, or one for each (N,) int64. strength: 0 or more.

    Returns:
        a module with `energy(x)`, for `ebm.sgld` and `ebm.generation.sample.chains`, without labels of theirs.

    Raises:
        ValueError: for labels the model does not have, or a strength below 0 or not finite.
    """
    labels = torch.as_tensor(label)
    if model.outputs == 1:
        raise ValueError("This model is an EBM without classes; nothing can guide it.")
    if labels.dim() > 1 or labels.dtype != torch.int64 or labels.min() < 0 or labels.max() >= model.outputs:
        raise ValueError(
            f"A label is a whole number from 0 to {model.outputs - 1}, one for all chains or one for each."
        )
    if not 0 <= strength <= HEAVIEST:
        raise ValueError(f"The strength of guidance lies between 0 and {HEAVIEST:.0f}, not {strength}.")
    return Guided(model, labels, strength)
