"""What a visitor with a scan should know of a model: what it was trained on, and how it does on real print."""

from html import escape

from app.models.loaded import LoadedModel


def on_real_print(loaded: LoadedModel) -> str:
    """A line or two as HTML; what the card does not say is left out."""
    card = loaded.card
    source = str(card.data.get("source", "")).rstrip(".")
    trained = f"This model was trained on: {source}." if source else ""
    real = [found for found in card.metrics.get("real", {}).values() if isinstance(found, dict) and found.get("n")]
    if not real:
        measured = "It was not measured on real print."
    else:
        right, odd = (
            _between([found[name] for found in real if name in found]) for name in ("accuracy", "called_strangers")
        )
        n = sum(found["n"] for found in real)
        by_book = " (it depends on the book)" if " to " in odd or " to " in right else ""
        read = f"reads {right} right and " if right else ""
        measured = f"Of {n:,} real printed glyphs that it never saw, it {read}calls {odd} strangers{by_book}."
    return f'<p class="fineprint">{escape(trained)} {measured}</p>'


def _between(shares: list[float]) -> str:
    """Shares of several sets of glyphs in words, "" where there are none."""
    if not shares:
        return ""
    low, high = min(shares), max(shares)
    return f"{low:.0%}" if round(low, 2) == round(high, 2) else f"{low:.0%} to {high:.0%}"
