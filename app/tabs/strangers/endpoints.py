"""What programs may ask about strangers: rates and AUROC of a set of the card, or of their own pictures."""

from dataclasses import dataclass
from typing import Any

from gradio import FileData

from app.models.library import Models
from app.tabs.strangers import tables
from app.tabs.strangers.own_set import NAME, read, with_own
from app.visitors.uploads import paths_of, refusals


@dataclass(frozen=True)
class Endpoints:
    """The tab's endpoints, on these models."""

    models: Models

    def strangers(self, set: str, threshold: float, model: str = "") -> dict[str, Any]:
        """Rates of one stranger set at an energy threshold, and its AUROC by every score; stranger = positive."""
        with refusals():
            return tables.rates(self.models.get(model), set, threshold)

    def strangers_own(
        self, files: list[FileData], threshold: float | None = None, model: str = ""
    ) -> dict[str, Any]:  # fmt: skip
        """Rates and AUROC of your own pictures as a stranger set, every picture's energy, and the bad ones' reasons."""
        with refusals():
            loaded = self.models.get(model)
            own = read(paths_of(files), loaded.card.preprocessing)
            scored = with_own(loaded, own)
            rates = tables.rates(scored, NAME, loaded.card.threshold if threshold is None else threshold)
            energies = scored.card.set_scores[NAME]["energy"]
            rows = [
                {"file": name, "energy": energy, "is_stranger": energy > rates["threshold"]}
                for name, energy in zip(own.names, energies, strict=True)
            ]
            return rates | {"files": rows, "refused": [list(pair) for pair in own.bad]}
