"""Suite `adapt`: how well an adapted model reads a real book, against the number of glyphs that it was shown."""

import hashlib
import json
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from torch import Tensor

import ebm
from ebm.checkpoint.card import Card
from ebm.data.corpus import Corpus
from ebm.data.sources import load_corpus
from ebm.evaluation.adapted import hold_out, reference_energies
from ebm.evaluation.real_print import RealPrint, read_real_print
from ebm.model.energy import EnergyNet, in_batches
from ebm.page import propose
from ebm.scoring.rates import auroc, positive_rate
from ebm.scoring.scores import threshold
from ebm.system.whole_file import whole_file
from ebm.training.adapt import Adaptation, NamedGlyphs, adapt

Row = dict[str, Any]
Say = Callable[[str], None]
NOTE = "validation: glyphs of these books were looked at while the corpus and the recipe were made"


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Args:
        real: folder of crops with `glyphs/<sort>/` and `strangers/<name>/`; a file's name begins with its book, up to
            the first underscore.
        checkpoint: the joint model that is adapted.
        data: what it was trained on.
        counts: glyphs of a sort that are shown.
        draws: random choices of these glyphs, for each count and book.
        books: that are measured; none = all of the folder.
        rounds: of the loop (propose, correct, adapt again) after one random glyph of each sort; 0 = no loop.
        steps: of an adaptation.
    """

    real: Path
    checkpoint: Path
    data: str = "pen"
    counts: tuple[int, ...] = (1, 2, 3, 5, 8)
    draws: int = 5
    books: tuple[str, ...] = ()
    rounds: int = 0
    steps: int = Adaptation.steps


@dataclass(frozen=True)
class Book:
    """The glyphs of one book: known ones (N, 1, 56, 56) with their sorts (N,), strangers (M, 1, 56, 56), M above 0."""

    name: str
    x: Tensor
    y: Tensor
    strangers: Tensor

    def part(self, known: Tensor, strangers: Tensor) -> "Book":
        """The glyphs at some places."""
        return Book(self.name, self.x[known], self.y[known], self.strangers[strangers])


@dataclass(frozen=True)
class Start:
    """What every adaptation starts from: the model, its card, its corpus, the settings."""

    model: EnergyNet
    card: Card
    corpus: Corpus
    settings: Adaptation


def books_of(real: RealPrint, wanted: tuple[str, ...] = ()) -> list[Book]:
    """The books of a folder, by the beginnings of its file names.

    Args:
        real: the folder.
        wanted: names of books; none = all.

    Returns:
        the books that have known glyphs and strangers.

    Raises:
        ValueError: for a book that the folder does not have.
    """
    names = np.array([file.name.split("_")[0] for file in real.files])
    known, strangers = names[: len(real.glyphs)], names[len(real.glyphs) :]
    found = sorted(set(known) & set(strangers))
    if missing := [name for name in wanted if name not in found]:
        raise ValueError(f"There is no book {missing[0]!r} with glyphs and strangers; there are: {', '.join(found)}.")
    return [
        Book(name, real.glyphs[known == name], real.labels[known == name], real.strangers[strangers == name])
        for name in wanted or found
    ]


def measure(
    plan: Plan, *, out: Path | None = None, facts: dict[str, Any] | None = None, say: Say = lambda line: None
) -> dict[str, Any]:
    """Adapts a model again and again, and measures each.

    Args:
        plan: what is measured.
        out: a JSON file that the report is written to after every adaptation, so that nothing is lost. What an
            earlier run has measured into it is not measured again.
        facts: about the machine, written into the report.
        say: called with a line of text about the next adaptation.

    Returns:
        "rows", one an adaptation, and "summary", means and spreads over draws.

    Raises:
        ValueError: for a folder or checkpoint that cannot be used, a plan without draws, or a file of another
            checkpoint.
    """
    if plan.draws < 1 or plan.rounds < 0 or any(count < 1 for count in plan.counts):
        raise ValueError("Draws and counts must be at least 1, rounds at least 0.")
    model, card = ebm.load(plan.checkpoint)
    corpus = load_corpus(plan.data)
    if corpus.sorts != card.sorts:
        raise ValueError(f"The corpus {plan.data!r} has other sorts than {plan.checkpoint.name} was trained on.")
    scale = card.recipe.get("match_scale", Adaptation.match_scale)
    start = Start(model, card, corpus, Adaptation(steps=plan.steps, match_scale=scale))
    about = {"checkpoint": _digest(plan.checkpoint), "real": plan.real.name, "steps": plan.steps}
    rows = _earlier(out, about)
    done = {_key(row) for row in rows}
    report = {"suite": "adapt", "machine": facts} | about | {"note": NOTE, "rows": rows}
    for book in books_of(read_real_print(plan.real, card), plan.books):
        for draw in range(plan.draws):
            for row in _rows(start, book, draw, plan, done, say):
                rows.append(row)
                if out is not None:
                    out.parent.mkdir(parents=True, exist_ok=True)
                    with whole_file(out) as file:
                        file.write(json.dumps(report | {"summary": summary(rows)}, indent=1).encode())
    return report | {"summary": summary(rows)}


def _digest(checkpoint: Path) -> str:
    """The beginning of the SHA-256 of a file: rows of one checkpoint are not mixed with those of another."""
    return hashlib.sha256(checkpoint.read_bytes()).hexdigest()[:16]


def _earlier(out: Path | None, about: dict[str, Any]) -> list[Row]:
    """The rows of an earlier run of the same kind; none where there is no file."""
    if out is None or not out.is_file():
        return []
    report = json.loads(out.read_text())
    if any(report.get(name) != value for name, value in about.items()):
        raise ValueError(f"{out} holds another checkpoint, folder or number of steps: give another file.")
    return report["rows"]


def _key(row: Row) -> tuple[Any, ...]:
    return row["book"], row["way"], row["count"], row["draw"]


def _rows(start: Start, book: Book, draw: int, plan: Plan, done: set[tuple[Any, ...]], say: Say) -> Iterator[Row]:
    """The rows of one draw that are not there yet: each count, then the loop."""
    for count in plan.counts:
        row: Row = {"book": book.name, "way": "drawn", "count": count, "draw": draw}
        if _key(row) not in done:
            say(f"{book.name}, {count} a sort, draw {draw + 1}")
            picks = drawn(book.y, count, draw)
            rest = torch.ones(len(book.y), dtype=torch.bool).index_fill(0, picks, False)
            yield row | _adapted(start, _shown(book, picks, start.card), book, rest)[1]
    whole_loop = {(book.name, "loop", number, draw) for number in range(plan.rounds + 1)}
    if plan.rounds and not whole_loop <= done:
        say(f"{book.name}, the loop, draw {draw + 1}")
        yield from (row for row in _loop(start, book, draw, plan.rounds) if _key(row) not in done)


def drawn(y: Tensor, count: int, seed: int) -> Tensor:
    """Places of at most `count` random glyphs of each sort (K,); more of them hold the fewer of the same seed."""
    random = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(y), generator=random)
    return torch.cat([order[y[order] == sort][:count] for sort in y.unique()])


def _shown(book: Book, picks: Tensor, card: Card) -> NamedGlyphs:
    return NamedGlyphs(book.x[picks], book.y[picks], card.sorts)


def _adapted(start: Start, shown: NamedGlyphs, book: Book, rest: Tensor) -> tuple[EnergyNet, Row]:
    """The model adapted to some glyphs, and its figures on the rest (N,) of the book and on all its strangers."""
    learnt, held_out = hold_out(shown)
    began = time.process_time()
    net = adapt(start.model, learnt, start.corpus, start.settings)
    seconds = time.process_time() - began
    reference = reference_energies(net, learnt, held_out, start.corpus)
    level = threshold(reference.energies)
    x, y = book.x[rest], book.y[rest]
    known, strangers = (in_batches(net, net.energy, part).numpy() for part in (x, book.strangers))
    return net, {
        "shown": len(shown.y), "sorts": len(shown.y.unique()), "rest": len(x), "strangers": len(book.strangers),
        "before": _figures(start.model, x, y, book.strangers),
        "after": _figures(net, x, y, book.strangers) | {
            "known_called_strangers": positive_rate(known, level),
            "strangers_caught": positive_rate(strangers, level),
        },
        "nearest": _nearest(shown, x, y, book.strangers), "svm": _svm(shown, x, y, book.strangers),
        "threshold": level, "held_out": len(held_out), "cpu_seconds": round(seconds, 1),
    }  # fmt: skip


def _figures(net: EnergyNet, x: Tensor, y: Tensor, strangers: Tensor) -> dict[str, float]:
    logits = in_batches(net, net.get_logits, x)
    apart = auroc((-logits.logsumexp(1)).numpy(), in_batches(net, net.energy, strangers).numpy())
    return {"accuracy": float((logits.argmax(1) == y).float().mean()), "auroc": apart}


def _nearest(shown: NamedGlyphs, x: Tensor, y: Tensor, strangers: Tensor) -> dict[str, float]:
    """The nearest shown glyph reads, and its distance tells strangers."""
    peer = _fitted(KNeighborsClassifier(1), shown)
    accuracy = float((peer.predict(x.flatten(1).numpy()) == y.numpy()).mean())
    known, other = (peer.kneighbors(part.flatten(1).numpy())[0][:, 0] for part in (x, strangers))
    return {"accuracy": accuracy, "auroc": auroc(known, other)}


def _svm(shown: NamedGlyphs, x: Tensor, y: Tensor, strangers: Tensor) -> dict[str, float]:
    """A linear SVM reads, and its highest margin tells strangers."""
    peer = _fitted(LinearSVC(random_state=0), shown)
    accuracy = float((peer.predict(x.flatten(1).numpy()) == y.numpy()).mean())
    known, other = (-peer.decision_function(part.flatten(1).numpy()).max(1) for part in (x, strangers))
    return {"accuracy": accuracy, "auroc": auroc(known, other)}


def _fitted(peer: Any, shown: NamedGlyphs) -> Any:
    with warnings.catch_warnings():  # it wonders about as many sorts as glyphs, which is the point here
        warnings.filterwarnings("ignore", message="The number of unique classes")
        return peer.fit(shown.x.flatten(1).numpy(), shown.y.numpy())


def _loop(start: Start, book: Book, draw: int, rounds: int) -> Iterator[Row]:
    """One random glyph of each sort, then rounds of proposals that an oracle accepts or corrects.

    Proposals come from a random half of the book, and every round is measured on the other half. So the figures of the
    rounds can be compared, and no glyph is measured that the model has chosen.
    """
    random = torch.Generator().manual_seed(draw)
    known, others = (torch.randperm(n, generator=random) for n in (len(book.y), len(book.strangers)))
    pool = book.part(known[::2], others[::2])
    test = book.part(known[1::2], others[1::2])
    glyphs = torch.cat([pool.x, pool.strangers])
    truth = torch.cat([pool.y, torch.full((len(pool.strangers),), -1)])  # what the oracle says; -1 for a stranger
    taken = drawn(pool.y, 1, draw).tolist()
    asked: Counter[str] = Counter()
    for number in range(rounds + 1):
        places = torch.tensor([place for place in taken if truth[place] >= 0])
        shown = NamedGlyphs(glyphs[places], truth[places], start.card.sorts)
        net, row = _adapted(start, shown, test, torch.ones(len(test.y), dtype=torch.bool))
        proposals = {"proposed": asked["all"], "right": asked["right"], "proposed_strangers": asked["strangers"]}
        yield {"book": book.name, "way": "loop", "count": number, "draw": draw} | row | {"proposals": proposals}
        logits = in_batches(net, net.get_logits, glyphs)
        found = propose(logits, shown.y, each=number + 2, temperature=start.card.temperature, taken=taken)
        said = [(p.sort, int(truth[p.index])) for p in found]
        right, strange = sum(sort == true for sort, true in said), sum(true < 0 for _, true in said)
        asked = Counter({"all": len(found), "right": right, "strangers": strange})
        taken += [p.index for p in found]


def summary(rows: list[Row]) -> list[Row]:
    """Mean and standard deviation over the draws of each book, way and count.

    Args:
        rows: of `measure`.

    Returns:
        an entry a book, way and count: draws, and figure -> [mean, standard deviation].
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(_key(row)[:3], []).append(row)
    return [
        {"book": book, "way": way, "count": count, "draws": len(group)} | _spread(group)
        for (book, way, count), group in sorted(groups.items())
    ]


def _spread(group: list[Row]) -> Row:
    whose = [(who, name) for who in ("before", "after", "nearest", "svm") for name in group[0][who]]
    found = {f"{who} {name}": [row[who][name] for row in group] for who, name in whose}
    found |= {name: [float(row[name]) for row in group] for name in ("shown", "cpu_seconds")}
    if "proposals" in group[0]:
        found |= {name: [float(row["proposals"][name]) for row in group] for name in group[0]["proposals"]}
    return {name: [float(np.mean(values)), float(np.std(values))] for name, values in found.items()}
