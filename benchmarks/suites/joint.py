"""Suite `joint`: the peers' own ways to train a joint model, for the processor time of ours, measured as ours is."""

import dataclasses
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import ebm
from benchmarks.peers.environments import PACKAGES, ROOT, Worker, installed, missing
from ebm.checkpoint.card import Card
from ebm.data.corpus import Corpus
from ebm.data.picture.grid import to_image
from ebm.data.sources import load_corpus
from ebm.evaluation.effort import Effort
from ebm.evaluation.judge import Judge, judge_for
from ebm.evaluation.measure import measure as measure_model
from ebm.evaluation.samples import measure_samples, print_chains

OURS = ROOT / "checkpoints" / "seeds" / "seed-0.safetensors"
PEERS = ("notebook", *sorted(PACKAGES))
EFFORT = Effort(long_steps=40)  # no long chains: those would be run by our sampler
STRANGERS = ("other script", "unseen sorts", "mirrored", "upside down")
FIGURES = (
    "accuracy", "ECE", *(f"AUROC {name}" for name in STRANGERS), "read as wanted", "Frechet over floor",
    "coverage of the sort", "classification accuracy score", "spectral ratio", "no sort: sorts",
    "no sort: Frechet over floor",
)  # fmt: skip
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is compared.

    Args:
        out: folder of the networks, the printed glyphs and a row for each peer; a peer with a row is not run again.
        minutes: of processor time for each peer's training: what the preset `cpu` takes.
        peers: their names.
        ours: a checkpoint of the preset `cpu`.
        glyphs: that are printed and measured, in each of the two ways; None prints as many as the test split has.
        strangers: glyphs of a stranger set.
        seed: of the networks, the batches and the chains.
        effort: how long the classifiers learn that learn from the printed glyphs.
        settings: peer -> those of its settings that differ from its documentation's.
    """

    out: Path
    minutes: float = 45.0
    peers: tuple[str, ...] = PEERS
    ours: Path = OURS
    glyphs: int | None = None
    strangers: int = 1000
    seed: int = 0
    effort: Effort = EFFORT
    settings: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)


def settings_of(texts: list[str]) -> dict[str, dict[str, Any]]:
    """Settings of peers, given as PEER.NAME=NUMBER.

    Raises:
        ValueError: for a text of another form.
    """
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        parts = re.fullmatch(r"(\w+)\.(\w+)=(-?\d+(?:\.\d+)?(?:e-?\d+)?)", text)
        if parts is None or parts[1] not in PEERS:
            raise ValueError(f"A setting is PEER.NAME=NUMBER, as torchebm.flow_share=1, not {text!r}.")
        found.setdefault(parts[1], {})[parts[2]] = json.loads(parts[3])
    return found


def measure(
    plan: Plan, say: Say = lambda line: None, corpus: Corpus | None = None, judge: Judge | None = None
) -> dict[str, Any]:
    """Trains the peers that have no row yet, and measures them and ours.

    Args:
        plan: what is compared.
        say: called with a line of text about the next step.
        corpus: that all learn; by default the shipped models' one.
        judge: of the printed glyphs; by default that of the corpus.

    Returns:
        one row a model, and the sentences on peers that were left out.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    corpus = corpus or load_corpus("pen", progress=False)
    judge = judge or judge_for(corpus)
    if plan.glyphs is not None:
        corpus = _shortened(corpus, plan.glyphs)
    left_out = [sentence for peer in plan.peers if (sentence := missing(peer))]
    rows = {"ours": _kept(plan.out / "ours.json", partial(_ours, plan, corpus, judge, say))}
    for peer in plan.peers:
        if not missing(peer):
            rows[peer] = _kept(plan.out / f"{peer}.json", partial(_peer, peer, plan, corpus, judge, say))
    return {"minutes": plan.minutes, "figures": list(FIGURES), "rows": rows, "left_out": left_out}


def _kept(path: Path, row: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The row in a file, which is made first where there is none."""
    if not path.is_file():
        path.write_text(json.dumps(row(), indent=1) + "\n", encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def _shortened(corpus: Corpus, glyphs: int) -> Corpus:
    """The corpus with the first glyphs of its test split only."""
    return dataclasses.replace(
        corpus, images=corpus.images | {"test": corpus.images["test"][:glyphs]},
        labels=corpus.labels | {"test": corpus.labels["test"][:glyphs]},
    )  # fmt: skip


def _ours(plan: Plan, corpus: Corpus, judge: Judge, say: Say) -> dict[str, Any]:
    """The row of our checkpoint, which prints as its card says."""
    model, card = ebm.load(plan.ours)

    def draw(n: int, labels: Tensor | None) -> Tensor:
        return print_chains(model, card, n, steps=card.sampler.print_steps, labels=labels, seed=plan.seed)

    row = _row(model, card, plan, corpus, judge, draw, say)
    return row | {"version": "this repository", "training": {"checkpoint": plan.ours.name}}


def _peer(peer: str, plan: Plan, corpus: Corpus, judge: Judge, say: Say) -> dict[str, Any]:
    """Trains a peer in a process of its own, lets it print, and measures it."""
    _, card = ebm.load(plan.ours)
    shape = card.architecture
    data, weights = plan.out / f"{peer}-data.safetensors", plan.out / f"{peer}.safetensors"
    save_file({"images": corpus.images["train"], "labels": corpus.labels["train"]}, data)
    with Worker(peer, device="cpu", threads=1, keep_memory=True) as worker:
        say(f"{peer}: {plan.minutes:g} minutes of training")
        training = worker.ask(
            "learn",
            data=str(data),
            shape=shape,
            settings=plan.settings.get(peer, {}),
            seconds=60 * plan.minutes,
            seed=plan.seed,
            weights=str(weights),
        )
        data.unlink()

        def draw(n: int, labels: Tensor | None) -> Tensor:
            say(f"{peer} prints {n} glyphs, {'no sort' if labels is None else 'of given sorts'}")
            path = plan.out / f"{peer}-glyphs.safetensors"
            worker.ask("draw", n=n, labels=None if labels is None else labels.tolist(), glyphs=str(path))
            glyphs = load_file(path)["glyphs"]
            path.unlink()
            return glyphs

        model = ebm.EnergyNet(**shape)
        model.load_state_dict(load_file(weights))
        model.eval().requires_grad_(False)
        row = _row(model, dataclasses.replace(card, temperature=1.0), plan, corpus, judge, draw, say, name=peer)
    return row | {"version": installed(peer), "training": training}


def _row(
    model: ebm.EnergyNet, card: Card, plan: Plan, corpus: Corpus, judge: Judge,
    draw: Callable[[int, Tensor | None], Tensor], say: Say, name: str = "ours",
) -> dict[str, Any]:  # fmt: skip
    """The figures of a model, and a picture of the glyphs that it prints, one of each sort."""
    say(f"{name}: one of each sort")
    to_image(draw(len(corpus.sorts), torch.arange(len(corpus.sorts))), columns=21).save(plan.out / f"{name}.png")
    read = measure_model(
        model, card, corpus, n=plan.strangers, resamples=0, seed=plan.seed, judge=judge, say=say
    ).report
    say(f"{name}: printed glyphs")
    printed = measure_samples(model, card, corpus, judge, plan.seed, plan.effort, draw)
    no_sort = printed["marginal"]
    found = [
        read["accuracy"], read["calibration"]["before"]["ece"],
        *(read["ood"][key]["energy"]["auroc"] for key in STRANGERS),
        printed["read_as_wanted"], printed["frechet_over_floor"], printed["coverage_of_sort"],
        printed["classification_accuracy_score"]["samples"], printed["spectral_ratio"],
        no_sort["sorts_hit"], no_sort["frechet_over_floor"],
    ]  # fmt: skip
    return dict(zip(FIGURES, found, strict=True))
