"""Imports a student's model: turns a Lightning checkpoint of the exercise into a checkpoint with a card."""

import dataclasses
import math
from pathlib import Path
from typing import Any, NamedTuple

from ebm.checkpoint.card import SAMPLER, Card, check_sorts, check_title, fits_sampler
from ebm.checkpoint.card_rules import INSIDE
from ebm.checkpoint.description import UNCALIBRATED, describe_data, texts_of
from ebm.checkpoint.examples import examples_path
from ebm.checkpoint.files import load_card, save
from ebm.checkpoint.provenance import provenance
from ebm.data.corpus import Corpus
from ebm.data.sources import load_corpus
from ebm.evaluation.export import calibrate
from ebm.importing.student_network import Student, to_energy_net
from ebm.model.mode import Mode
from ebm.sampling.sampler import Sampler
from ebm.training.lightning_file import read_state
from ebm.training.recipe import recipe

# The exercise's recipe (sheet, exercises 3.3 and 3.5): small Gaussian starts, 256 steps to print, and the step size,
# noise and clipping of its template.
EXERCISE_SAMPLER = Sampler(
    steps=60, print_steps=256, step_size=10.0, noise=0.005, print_noise=0.005, grad_clip=0.03, start="gaussian"
)
_NOTES = (
    "Imported: stride, padding and activation are not in such a file and are taken to be the exercise's. "
    "Energies are comparable within one model only."
)
_NO_THRESHOLD = " Uncalibrated: no threshold tells known glyphs from strangers."


class Imported(NamedTuple):
    """What `import_model` wrote.

    Args:
        path: of the weights.
        card: of the checkpoint.
        remarks: sentences on what was ignored or does not agree.
    """

    path: Path
    card: Card
    remarks: list[str]


def import_model(
    file: str | Path, out: str | Path | None = None, *, data: str | Corpus | None = None,
    names: str | Path | None = None, mode: str | None = None, command: str = "",
    strangers: int = 300,
) -> Imported:  # fmt: skip
    """Writes a Lightning checkpoint of the exercise's template as weights and card; runs nothing in it.

    Args:
        file: a Lightning checkpoint. Its state dict holds the exercise's network, or that of `ebm train`. Its
            hyper-parameters are optional. Everything else in it is ignored.
        out: the .safetensors file to write, or a folder for it; by default next to the file.
        data: the corpus that sets threshold, reference energies and temperature, or its source as in
            `ebm.data.load_corpus`; without one the model is uncalibrated.
        names: a text file with the name of each class, one a line; by default the corpus's names, or numbers.
        mode: "ebm", "jem", "conditional" or "classifier"; by default "ebm" for one output, "conditional" where the
            hyper-parameter `ccond_sample` is true, and "jem" otherwise.
        command: written into the card.
        strangers: glyphs a set when the model is calibrated, which takes seconds; `ebm evaluate` uses 1,000.

    Returns:
        what was written.

    Raises:
        ValueError: one sentence on the file, a tensor, the names or the corpus that does not fit.
    """
    file = Path(file)
    state = read_state(file)
    weights = state.get("state_dict", state)
    if not isinstance(weights, dict):
        raise ValueError(f"In {file.name}, 'state_dict' is no dict of tensors.")
    student = to_energy_net(weights, file.name)
    path = _path(file, out)
    given = state.get("hyper_parameters")
    hyper = {key: value for key, value in given.items() if isinstance(key, str)} if isinstance(given, dict) else {}
    remarks = _remarks(student, hyper)
    corpus = load_corpus(data) if isinstance(data, str) else data
    sorts = _sorts(student.net.outputs, corpus, names)
    card = _card(path.stem, file.name, student, hyper, _mode(mode, student, hyper, file.name), sorts, corpus)
    card.made_with.update(_made_with(file.name, state, command))
    path.parent.mkdir(parents=True, exist_ok=True)
    examples_path(path).unlink(missing_ok=True)  # of an earlier import
    if corpus is None:
        save(path, student.net, card)
        return Imported(path, card, remarks)
    calibrate(path, student.net, card, corpus, n=strangers)
    return Imported(path, load_card(path), remarks)


def _path(file: Path, out: str | Path | None) -> Path:
    """The path of the weights; its name must be allowed as the card's name."""
    path = Path(out) if out is not None else file.with_suffix(".safetensors")
    if path.suffix != ".safetensors":
        path = path / f"{file.stem}.safetensors"
    check_title(path.stem)
    return path


def _remarks(student: Student, hyper: dict[str, Any]) -> list[str]:
    """What was ignored, and where the hyper-parameters do not agree with the weights."""
    remarks = []
    if student.ignored:
        more = ", ..." if len(student.ignored) > 3 else ""
        named = ", ".join(name[:60] for name in student.ignored[:3])
        remarks.append(f"Ignored, as no part of the network ({len(student.ignored)}): {named}{more}")
    classes = hyper.get("num_classes")
    if type(classes) is int and classes != student.net.outputs:
        remarks.append(f"num_classes is {classes}, but the weights have {student.net.outputs} outputs: these count.")
    return remarks


def _mode(wanted: str | None, student: Student, hyper: dict[str, Any], file: str) -> Mode:
    """The wanted mode, or the one that follows from the outputs and the hyper-parameters."""
    outputs, own = student.net.outputs, hyper.get("recipe")
    found = Mode.EBM if outputs == 1 else Mode.CONDITIONAL if hyper.get("ccond_sample") is True else Mode.JEM
    if isinstance(own, dict) and own.get("mode") in list(Mode) and Mode(own["mode"]).fits(outputs):
        found = Mode(own["mode"])
    if wanted is None:
        return found
    if wanted not in list(Mode):
        raise ValueError(f"The mode is one of {', '.join(Mode)}, not {wanted!r}.")
    if not Mode(wanted).fits(outputs):
        raise ValueError(f"The network in {file} has {outputs} output{'s'[: outputs - 1]}: its mode is not {wanted!r}.")
    return Mode(wanted)


def _sorts(outputs: int, corpus: Corpus | None, names: str | Path | None) -> list[str]:
    """The name of each class; an EBM has no classes and keeps the names of its corpus."""
    if corpus is not None and outputs > 1 and len(corpus.sorts) != outputs:
        raise ValueError(f"The network tells {outputs} classes apart, and the corpus has {len(corpus.sorts)}.")
    if names is not None:
        sorts = _read_names(Path(names))
        if outputs > 1 and len(sorts) != outputs:
            raise ValueError(f"{Path(names).name} names {len(sorts)} sorts, and the network has {outputs} classes.")
        return sorts
    if corpus is not None:
        return check_sorts(corpus.sorts)
    return [str(k) for k in range(outputs)] if outputs > 1 else []


def _read_names(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").strip().splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{file.name} is not text in UTF-8.") from None
    return check_sorts([line.strip() for line in lines])


def _card(
    name: str, file: str, student: Student, hyper: dict[str, Any], mode: Mode, sorts: list[str], corpus: Corpus | None
) -> Card:
    """The card of an uncalibrated model; if there is a corpus to calibrate it on, the card describes it."""
    sampler, run = EXERCISE_SAMPLER, hyper
    if isinstance(hyper.get("recipe"), dict) and student.prefix == "net.":  # of `ebm train`
        resolved = recipe({key: value for key, value in hyper["recipe"].items() if isinstance(key, str)})
        sampler, run = resolved.sampler(), resolved.to_dict()
    given = {key: hyper[key] for key in SAMPLER if key in hyper and fits_sampler(key, hyper[key])}
    sampler = dataclasses.replace(sampler, **given)
    data = {"source": f"unknown; imported from {file}"}
    if corpus is not None:
        data = describe_data(corpus) | {"source": f"unknown; imported from {file}, calibrated on: {corpus.source}"}
    seed = run.get("seed")
    return Card(
        name=name, mode=mode, architecture=student.net.architecture(),
        preprocessing=corpus.preprocessing if corpus is not None else "glyphs", sorts=sorts, texts=texts_of(sorts),
        sampler=sampler, recipe=_plain(run), seed=seed if type(seed) is int and abs(seed) < 2**63 else 0, data=data,
        threshold=None, threshold_rule=UNCALIBRATED, reference_energies=[],
        notes=_NOTES + ("" if corpus is not None else _NO_THRESHOLD),
    )  # fmt: skip


def _made_with(file: str, state: dict[str, Any], command: str) -> dict[str, Any]:
    version = state.get("pytorch-lightning_version")
    trained = {"trained_with_lightning": version[:40]} if isinstance(version, str) else {}
    return {"command": command[:1000], "imported_from": file} | trained | provenance()


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The hyper-parameters that a card can hold: numbers, short texts, and lists of them."""
    rules = INSIDE["recipe"]
    kept = {key[:80]: _value(value) for key, value in values.items() if _value(value) is not None}
    return {key: value for key, value in kept.items() if key not in rules or rules[key][0](value)}


def _value(value: Any) -> Any:
    """The value in the form of JSON, or None."""
    if isinstance(value, list | tuple) and len(value) <= 100:
        inside = [_value(v) for v in value]
        return inside if None not in inside else None
    if isinstance(value, str):
        return value if len(value) <= 200 and value.isprintable() else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) and abs(value) < 2**63 else None
