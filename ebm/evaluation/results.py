"""The results page: Markdown tables from the cards of checkpoints, so that nobody types a figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ebm.checkpoint.card import Card
from ebm.checkpoint.files import load_card
from ebm.evaluation.markdown import markdown_table
from ebm.model.energy import EnergyNet
from ebm.model.mode import Mode

BEGIN, END = "<!-- made by `python -m ebm results`: do not edit below -->", "<!-- end of what is made -->"
REAL = {
    "accuracy": "accuracy",
    "macro_accuracy": "macro accuracy",
    "called_strangers": "known sorts called strangers",
    "strangers_called_strangers": "strangers called strangers",
}
REAL_AUROC = "AUROC of known sorts against the folder's strangers, energy"
SCORES = {"energy": "energy", "conditional_energy": "energy with its class", "msp": "1 - max p(y\\|x)", "mass": "mass"}


def tables(cards: Sequence[Card], seeds: Sequence[Card] = ()) -> str:
    """Every table of the results page.

    Args:
        cards: of the checkpoints, with a column or a section each.
        seeds: cards of the same recipe with several seeds.

    Returns:
        Markdown.
    """
    parts = [_summary(cards)]
    if any("real" in card.metrics for card in cards):
        parts.append(_real_print(cards))
    joint = [card for card in cards if card.mode != Mode.EBM]
    parts += [_strangers(card, _twin(cards)) for card in cards if card.mode.has_chains]
    if any("samples" in card.metrics for card in cards):
        parts += [_samples(cards), _long_chains(cards)]
    if any("likelihood" in card.metrics for card in cards):
        parts.append(_likelihood(cards))
    if any("robustness" in card.metrics for card in joint):
        parts.append(_robustness(joint))
    if seeds:
        parts.append(_spread(seeds))
    return "\n\n".join(parts)


def write(folder: str | Path) -> Path:
    """Writes the tables of a folder's checkpoints between the two marks in its README.md.

    Args:
        folder: of checkpoints; those in its sub-folder "seeds" have one recipe and different seeds.

    Returns:
        the path of the page.

    Raises:
        ValueError: for a faulty card, or a page without the marks.
    """
    page = Path(folder) / "README.md"
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page} lacks the lines that the tables belong between: {BEGIN} and {END}.")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{of_folder(folder)}\n\n{END}{after}", encoding="utf-8")
    return page


def of_folder(folder: str | Path) -> str:
    """The tables of a folder's checkpoints, the joint models first."""
    order = [Mode.JEM, Mode.CONDITIONAL, Mode.EBM, Mode.CLASSIFIER]
    cards = sorted(_cards(Path(folder)), key=lambda card: (order.index(card.mode), card.name))
    return tables(cards, _cards(Path(folder) / "seeds"))


def _cards(folder: Path) -> list[Card]:
    paths = sorted(folder.glob("*.safetensors"))
    cards = [load_card(path) for path in paths if path.with_suffix(".json").is_file()]
    return [card for card in cards if card.is_calibrated]  # an uncalibrated one has no measured figures


def _rows(names: dict[str, str], cards: Sequence[Card]) -> list[list[object]]:
    """A row for each path a/b/c into the metrics, and a cell for each card; a dash where a figure is missing."""
    return [[title, *(_cell(_at(card.metrics, path)) for card in cards)] for path, title in names.items()]


def _at(value: Any, path: str) -> Any:
    for key in path.split("/"):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " to ".join(_cell(v) for v in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _twin(cards: Sequence[Card]) -> Card | None:
    return next((card for card in cards if card.mode == Mode.CLASSIFIER), None)


def _summary(cards: Sequence[Card]) -> str:
    names = {
        "accuracy": "accuracy",
        "macro_f1": "macro F1",
        "calibration/temperature": "temperature (fitted on the validation split)",
        "calibration/before/ece": "calibration error, raw",
        "ece": "calibration error after the temperature",
        "calibration/before/nll": "NLL, raw, nats",
        "nll": "NLL after the temperature, nats",
        "unseen_founts/accuracy": "unseen founts: accuracy",
        "unseen_founts/called_strangers": "unseen founts: called strangers",
    }
    rows = _rows(names, cards)
    apart = [_auroc(_at(card.metrics, "unseen_founts/ood/energy")) for card in cards]
    rows.append(["unseen founts: AUROC of the test split against them, energy (0.5 is best)", *apart])
    rows.append(["weights", *(_weights(card) for card in cards)])
    rows.append(["training, seconds", *(card.made_with.get("seconds", "-") for card in cards)])
    rows.append(["optimiser steps (kept state)", *(_steps(card) for card in cards)])
    rows.append(["rollbacks", *(len(card.made_with.get("rollbacks", [])) for card in cards)])
    return "### Reading (test split)\n\n" + markdown_table(["", *(card.name for card in cards)], rows)


def _weights(card: Card) -> str:
    return f"{sum(p.numel() for p in EnergyNet(**card.architecture).parameters()):,}"


def _steps(card: Card) -> str:
    return f"{card.made_with.get('steps', '-')} ({card.made_with.get('best', '-').removesuffix('.ckpt')})"


def _strangers(card: Card, twin: Card | None) -> str:
    """AUROC by set: near sets first, then far ones, with the worst set of each kind."""
    ood, about = card.metrics["ood"], card.data["strangers"]
    scores = [name for name in SCORES if name in next(iter(ood.values()))]
    head = ["set", *(SCORES[name] for name in scores), "FPR at 95 % TPR, energy"]
    head += ["twin's best (its score)"] if twin is not None else []
    parts = [f"### Strangers: {card.name}"]
    for kind in ("near", "far"):
        names = [name for name in ood if about.get(name, {}).get("kind", "near") == kind]
        rows = []
        for name in names:
            row = [name, _auroc(ood[name]["energy"])]
            row += [f"{ood[name][score]['auroc']:.3f}" for score in scores[1:]]
            row.append(f"{ood[name]['energy']['fpr95']:.3f}")
            if twin is not None:
                best = max(SCORES, key=lambda score, name=name: twin.metrics["ood"][name][score]["auroc"])  # type: ignore[misc]
                row.append(f"{twin.metrics['ood'][name][best]['auroc']:.3f} ({SCORES[best]})")
            rows.append(row)
        worst = min(names, key=lambda name: ood[name]["energy"]["auroc"])
        parts.append(f"{kind.capitalize()} sets; the worst by energy is *{worst}*.\n\n" + markdown_table(head, rows))
    return "\n\n".join(parts)


def _real_print(cards: Sequence[Card]) -> str:
    """A row for each figure of each folder of real print in any of the cards."""
    found = [card.metrics.get("real", {}) for card in cards]
    rows: list[list[object]] = []
    for folder in dict.fromkeys(name for real in found for name in real):
        crops = next((real[folder]["n"], real[folder]["n_strangers"]) for real in found if folder in real)
        rows.append([f"*{folder}*: {crops[0]:,} crops of known sorts, {crops[1]:,} of others", *[""] * len(cards)])
        rows += [[title, *(_cell(_at(real.get(folder), path)) for real in found)] for path, title in REAL.items()]
        rows.append([REAL_AUROC, *(_auroc(_at(real.get(folder), "ood/energy")) for real in found)])
    text = (
        "Crops as a segmentation gives them, of books that may have guided the corpus and the recipe: "
        "**validation, not test**."
    )
    return f"### Real print\n\n{text}\n\n" + markdown_table(["", *(card.name for card in cards)], rows)


def _auroc(figures: dict[str, Any] | None) -> str:
    """AUROC with its interval, if they exist."""
    if figures is None:
        return "-"
    low, high = figures.get("interval", {}).get("auroc", [None, None])
    return f"{figures['auroc']:.3f}" + (f" ({low:.3f} to {high:.3f})" if low is not None else "")


def _samples(cards: Sequence[Card]) -> str:
    names = {
        "samples/n": "chains, with a wanted sort where there are classes",
        "samples/steps": "steps of each",
        "samples/read_as_wanted": "read as wanted by the judge",
        "samples/coverage_of_sort": "coverage of the wanted sort's test glyphs, mean over sorts",
        "samples/frechet/frechet": "Frechet distance",
        "samples/frechet_floor/frechet": "the same of training glyphs (the floor)",
        "samples/frechet_over_floor": "ratio",
        "samples/frechet/kernel": "kernel distance",
        "samples/frechet_floor/kernel": "the same of training glyphs",
        "samples/frechet/density": "density",
        "samples/frechet/coverage": "coverage",
        "samples/spectral_ratio": "spectral ratio",
        "samples/paper_grain": "paper grain",
        "samples/paper_grain_test": "the same of test glyphs",
        "samples/classification_accuracy_score/samples": "classification accuracy score",
        "samples/classification_accuracy_score/real": "the same from as many real glyphs",
        "samples/memorisation/median_samples": "distance to the nearest training glyph, median, RMS a pixel",
        "samples/memorisation/median_test": "the same of test glyphs",
        "samples/memorisation/nearer_than_1_percent_of_test": "nearer than 1 % of the test glyphs are",
    }
    marginal = {
        "n": "**chains on log q(x)**",
        "sorts_hit": "sorts hit",
        "entropy": "entropy over them, nats",
        "data_entropy": "entropy of the test split, nats",
        "entropy_over_data": "ratio",
        "frechet/frechet": "Frechet distance",
        "frechet_over_floor": "over the floor",
        "frechet/density": "density",
        "frechet/coverage": "coverage",
        "spectral_ratio": "spectral ratio",
        "paper_grain": "paper grain",
    }
    names |= {f"samples/marginal/{path}": title for path, title in marginal.items()}
    shown = [card for card in cards if "samples" in card.metrics]
    text = "### Samples\n\n" + markdown_table(["", *(card.name for card in shown)], _rows(names, shown))
    for card in shown:
        for key, title in (("read_as_wanted_by_sort", "read as wanted"), ("coverage_of_sort_by_sort", "coverage")):
            if key in card.metrics["samples"]:
                worst = sorted(card.metrics["samples"][key].items(), key=lambda item: item[1])[:4]
                text += f"\n\n{card.name}, worst sorts, {title}: " + ", ".join(f"{s} {v:.2f}" for s, v in worst) + "."
    return text


def _long_chains(cards: Sequence[Card]) -> str:
    shown = [card for card in cards if "samples" in card.metrics]
    states = [card.metrics["samples"]["long_chains"]["states"] for card in shown]
    rows = []
    for moment in zip(*states, strict=True):
        cells = [
            f"{s['energy']:.2f}" + (f", {s['read_as_wanted']:.0%}" if "read_as_wanted" in s else "") for s in moment
        ]
        rows.append([moment[0]["step"], *cells])
    head = ["steps", *(card.name for card in shown)]
    return "### Chains that run on: mean energy, and share read as wanted\n\n" + markdown_table(head, rows)


def _likelihood(cards: Sequence[Card]) -> str:
    rows = []
    for card in cards:
        for name, found in card.metrics.get("likelihood", {}).items():
            if name.startswith("temperature_"):
                low, high = (f"{v:,.1f}" for v in found["log_z"])
                temperature = f"{found['temperature']:.2g}"
                rows.append([card.name, temperature, f"{low} to {high}", _cell(found["bits_per_dimension"])])
    return "### Likelihood\n\n" + markdown_table(
        ["model", "temperature", "log Z, nats", "bits per dimension, test"], rows
    )


def _robustness(cards: Sequence[Card]) -> str:
    shown = [card for card in cards if "robustness" in card.metrics]
    names = {
        f"robustness/{norm}/{radius}": f"{norm}, radius {radius}"
        for norm in ("linf", "l2")
        for radius in shown[0].metrics["robustness"][norm]
    }
    return "### Accuracy under PGD (20 steps)\n\n" + markdown_table(
        ["", *(card.name for card in shown)], _rows(names, shown)
    )


def _spread(seeds: Sequence[Card]) -> str:
    """Mean, standard deviation, lowest and highest of each figure over seeds."""
    names = {
        "accuracy": "accuracy", "calibration/before/ece": "calibration error, raw",
        "ece": "calibration error after the temperature", "samples/read_as_wanted": "read as wanted",
        "samples/coverage_of_sort": "coverage of the wanted sort", "samples/frechet_over_floor": "Frechet over floor",
        "samples/classification_accuracy_score/samples": "classification accuracy score",
        "samples/spectral_ratio": "spectral ratio", "samples/paper_grain": "paper grain",
        "samples/marginal/sorts_hit": "log q(x): sorts hit",
        "samples/marginal/entropy_over_data": "log q(x): entropy over the data's",
        "samples/marginal/frechet_over_floor": "log q(x): Frechet over floor",
        "samples/marginal/frechet/coverage": "log q(x): coverage",
    }  # fmt: skip
    names |= {
        "unseen_founts/accuracy": "unseen founts: accuracy",
        "unseen_founts/called_strangers": "unseen founts: called strangers",
        "unseen_founts/ood/energy/auroc": "unseen founts: AUROC (0.5 is best)",
    }
    for folder in dict.fromkeys(name for card in seeds for name in card.metrics.get("real", {})):
        shown = REAL | {"ood/energy/auroc": REAL_AUROC}
        names |= {f"real/{folder}/{path}": f"{folder}: {title}" for path, title in shown.items()}
    names |= {f"ood/{name}/energy/auroc": f"AUROC, {name}" for name in seeds[0].metrics["ood"]}
    rows: list[list[object]] = []
    for path, title in names.items():
        values = np.array([v for card in seeds if (v := _at(card.metrics, path)) is not None], dtype=float)
        if len(values) > 1:
            rows.append([title, *(f"{v:.4g}" for v in (values.mean(), values.std(ddof=1), values.min(), values.max()))])
    seconds = np.array([card.made_with["seconds"] for card in seeds], dtype=float)
    rows.append(["seconds", *(f"{v:.0f}" for v in (seconds.mean(), seconds.std(ddof=1), seconds.min(), seconds.max()))])
    rolled = [len(card.made_with["rollbacks"]) for card in seeds]
    listed = ", ".join(str(card.seed) for card in seeds)
    head = ["", "mean", "standard deviation", "lowest", "highest"]
    return f"### One recipe under seeds {listed} (rollbacks: {sum(rolled)})\n\n" + markdown_table(head, rows)
