"""The models of the page: those that ship, loaded when first asked for, and those that visitors bring or train."""

import re
import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from app.models.loaded import LoadedModel, load

KEPT = 16  # models of visitors
LARGEST = 25 * 2**20  # bytes of a visitor's checkpoint


class Models:
    """Every model that a visitor may choose, by key; safe to use from several threads.

    A shipped model's key is its file's name without the ending. A visitor's ends in a secret, which the page of
    that visitor alone knows.

    Args:
        path: of the checkpoint shown first; the others in its folder may be chosen too.
        kept: number of visitors' models; the one that was asked for longest ago goes first.

    Raises:
        ValueError: one sentence, when the first checkpoint cannot be used.
    """

    def __init__(self, path: str | Path, kept: int = KEPT):
        path = Path(path)
        self.kept = kept
        self.first = load(path)
        self.home = path.stem
        others = (p for p in sorted(path.parent.glob("*.safetensors")) if p.with_suffix(".json").is_file())
        self._shipped = {path.stem: path} | {p.stem: p for p in others}
        self._loaded: dict[str, LoadedModel] = {self.home: self.first}
        self._visitors: OrderedDict[str, LoadedModel] = OrderedDict()
        self._lock = threading.Lock()

    def shipped(self) -> list[str]:
        """The keys of the models that ship, the first one first."""
        return list(self._shipped)

    def get(self, key: object) -> LoadedModel:
        """The model of a key; nothing or "" means the first one.

        Raises:
            ValueError: for a key that is not (or no longer) known, or a shipped checkpoint that cannot be used.
        """
        key = key or self.home
        with self._lock:
            if key in self._visitors:
                self._visitors.move_to_end(str(key))
                return self._visitors[str(key)]
            if key in self._shipped and key not in self._loaded:
                self._loaded[str(key)] = load(self._shipped[str(key)])
            if key in self._loaded:
                return self._loaded[str(key)]
        if isinstance(key, str) and "~" in key:
            raise ValueError("The model you brought is no longer kept here: bring it again.")
        raise ValueError(f"There is no model {str(key)[:40]!r}; there are: {', '.join(self._shipped)}.")

    def add(self, loaded: LoadedModel) -> str:
        """Keeps a visitor's model and gives its key."""
        key = f"{re.sub(r'[^A-Za-z0-9-]+', '-', loaded.card.name)[:40]}~{secrets.token_urlsafe(9)}"
        with self._lock:
            self._visitors[key] = loaded
            while len(self._visitors) > self.kept:
                self._visitors.popitem(last=False)
        return key

    def bring(self, paths: Sequence[str | Path]) -> str:
        """Loads the checkpoint that a visitor uploads and gives its key; the files are not kept.

        Args:
            paths: of NAME.safetensors and NAME.json, and NAME.examples.safetensors where there is one.

        Raises:
            ValueError: one sentence on what is missing or wrong.
        """
        files = {Path(p).name: Path(p) for p in paths}
        weights = [name for name in files if name.endswith(".safetensors") and ".examples." not in name]
        cards = [name for name in files if name.endswith(".json")]
        if refused := [name for name in files if not name.endswith((".safetensors", ".json"))]:
            raise ValueError(f"{refused[0]} is refused: a model is a .safetensors file with its .json card.")
        if len(weights) != 1 or len(cards) != 1:
            raise ValueError("Choose two files at once: the model's .safetensors file and its .json card.")
        if sum(path.stat().st_size for path in files.values()) > LARGEST:
            raise ValueError(f"The model is too large: at most {LARGEST // 2**20} MiB are accepted.")
        name = Path(weights[0]).stem
        with tempfile.TemporaryDirectory() as folder:
            for given, path in files.items():
                ending = (
                    ".json" if given in cards else ".examples.safetensors" if ".examples." in given else ".safetensors"
                )
                shutil.copyfile(path, Path(folder) / (name + ending))
            return self.add(load(Path(folder) / f"{name}.safetensors"))

    def title(self, key: str) -> str:
        """What the page calls a model."""
        return self.get(key).card.name + (" (yours)" if "~" in key else "")
