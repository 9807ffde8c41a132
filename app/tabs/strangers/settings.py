"""What the components of the tab Strangers show at first, for a model and what a link asks for."""

from app.models.library import KEPT
from app.models.loaded import LoadedModel
from app.parts.drawing import message
from app.parts.panel import Settings, Wishes, number_wish
from app.tabs.strangers import tables
from app.tabs.strangers.own_table import CALLED_KNOWN

_MISSING = "This checkpoint came without scores of stranger sets: there is nothing to draw. Training again adds them."


def settings_of(loaded: LoadedModel, wishes: Wishes, twin: LoadedModel | None = None) -> Settings:
    """What every component of the tab shows at first."""
    names = loaded.sets()
    if not names or not loaded.card.set_scores.get("test", {}).get("energy"):
        return {
            "said": {"value": message(_MISSING, "problem")},
            "sets": {"choices": [], "value": []},
            "score": {"choices": []},
            "threshold": {},
            "rates": {"value": ""},
            "histogram": {"value": None, "visible": False},
            "roc": {"value": None, "visible": False},
            "auroc": {"value": ""},
            "examples": {"value": tables.examples(loaded, loaded.examples, "energy", loaded.card.threshold)},
        }
    chosen = [name for name in wishes.get("sets", "").split(",") if name in names] or _at_first(loaded, names)
    scores = [(label, name) for name, label in tables.SCORES.items() if name in loaded.card.set_scores["test"]]
    score = wishes.get("score", "energy") if wishes.get("score") in dict(scores).values() else "energy"
    span = tables.span(loaded, score)
    span["value"] = number_wish(wishes, "threshold", span["value"], span["minimum"], span["maximum"])
    at = (loaded, chosen, score, span["value"])
    return {
        "said": {"value": _of_known(loaded)},
        "sets": {"choices": names, "value": chosen},
        "score": {"choices": scores, "value": score},
        "threshold": span,
        "rates": {"value": tables.rates_table(*at), "visible": True},
        "histogram": {"value": tables.histogram(*at), "visible": True},
        "roc": {"value": tables.roc(*at), "visible": True},
        "auroc": {"value": tables.auroc_table(loaded, [name for _, name in scores], twin), "visible": True},
        "examples": {"value": tables.examples(*at), "visible": True},
    }


def _of_known(loaded: LoadedModel) -> str:
    """Says of a recalibrated model what it is, as HTML; "" for any other."""
    card = loaded.card
    if not card.threshold_rule.endswith(CALLED_KNOWN):
        return ""
    return message(
        f"Known glyphs are now the {len(card.reference_energies)} pictures that you called known, and the threshold of "
        f"{card.threshold:.2f} is their 95 % quantile. The table of AUROC shows what this costs. The model is kept "
        f"here until {KEPT} others have come after it: its files are beside your pictures."
    )


def _at_first(loaded: LoadedModel, names: list[str]) -> list[str]:
    """The sets shown at first: two near, two far ones where the card tells them apart."""
    near = [name for name in names if loaded.describe(name)[0] == "near"][:2]
    far = [name for name in names if loaded.describe(name)[0] == "far"][:2]
    return near + far or names[:4]
