"""The pages that visitors brought: read within bounds, kept for a while, each under a secret key."""

import dataclasses
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from app.models.loaded import LoadedModel
from ebm.data.picture.to_glyph import to_glyph

if TYPE_CHECKING:
    from ebm.page.read import ReadPage

MOST_PIXELS, MOST_GLYPHS = 40_000_000, 5_000
SIDE = 2600  # longest side of the picture that is kept, in pixels: small letters stay 20 pixels high
KEPT = 16  # pages; the one that was asked for longest ago goes first
_LONGEST_NAME = 40  # characters of a sort's name
_REFUSED = set('/\\:*?"<>|\0')  # no file system's folders have all of these

Named = Mapping[int, str]  # number of a glyph on its page -> the sort that the visitor says it is


class Pages:
    """Pages by key; safe to use from several threads. A key is a secret that only its visitor's page knows."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, ReadPage] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, page: "ReadPage") -> str:
        """Keeps a page and gives its key."""
        key = secrets.token_urlsafe(9)
        self.put(key, page)
        return key

    def put(self, key: str, page: "ReadPage") -> None:
        """Keeps a page under a key, in place of what was there."""
        with self._lock:
            self._pages[key] = page
            self._pages.move_to_end(key)
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)

    def get(self, key: object) -> "ReadPage":
        """The page of a key.

        Raises:
            ValueError: for a key that is not (or no longer) known.
        """
        with self._lock:
            if not isinstance(key, str) or key not in self._pages:
                raise ValueError("This page is no longer kept here: bring it again.")
            self._pages.move_to_end(key)
            return self._pages[key]


def bring(loaded: LoadedModel, path: str, turn: int | None = None) -> "ReadPage":
    """Reads a page that a visitor brought.

    Args:
        loaded: the model that reads it.
        path: of the scan.
        turn: as in `read_page`.

    Raises:
        ValueError: one sentence without any of the server's paths.
        WrongWayUp: the page lies upside down or sideways.
    """
    from ebm.page.read import WrongWayUp, read_page  # scikit-image: not before someone brings a page

    if loaded.card.preprocessing != "pen":
        raise ValueError("This model takes pictures of another kind; choose one that was trained on the pen data.")
    try:
        page = read_page(path, loaded.model, loaded.card, turn=turn, most_pixels=MOST_PIXELS)
    except WrongWayUp:
        raise
    except ValueError as error:
        text = str(error).replace(path, Path(path).name).rstrip(".") + "."
        raise ValueError(text[0].upper() + text[1:]) from None
    if len(page.glyphs) > MOST_GLYPHS:
        raise ValueError(
            f"{len(page.glyphs):,} glyphs were found; at most {MOST_GLYPHS:,} are shown here. Bring a part of the "
            "page, or use python -m ebm page."
        )
    return dataclasses.replace(page, layout=dataclasses.replace(page.layout, picture=_small(page.layout.picture)))


def read_by(loaded: LoadedModel, page: "ReadPage") -> "ReadPage":
    """The same page as another model reads it."""
    from ebm.page.read import read_crops  # scikit-image: not before someone brings a page

    boxes, crops = [glyph.at for glyph in page.glyphs], [glyph.crop for glyph in page.glyphs]
    return dataclasses.replace(page, glyphs=read_crops(loaded.model, loaded.card, boxes, crops))


def glyphs_of(page: "ReadPage", loaded: LoadedModel) -> Tensor:
    """The glyphs of a page (N, 1, 56, 56) in [-1, 1], as a model sees them."""
    return torch.stack([to_glyph(glyph.crop, loaded.card.preprocessing) for glyph in page.glyphs])


def corrected(page: "ReadPage", named: Named) -> "ReadPage":
    """The page with the visitor's own readings, which are sure and have no probability."""
    glyphs = list(page.glyphs)
    for k, sort in named.items():
        glyphs[k] = dataclasses.replace(glyphs[k], sort=sort, probability=None, is_sure=True)
    return dataclasses.replace(page, glyphs=glyphs)


def named_in(value: Any, page: "ReadPage") -> dict[int, str]:
    """The visitor's own readings in what the browser sent.

    Args:
        value: of the page's view.
        page: that it belongs to.

    Raises:
        ValueError: for what no page sends.
    """
    given = (value.get("named") if isinstance(value, dict) else None) or {}
    named: dict[int, str] = {}
    for key, sort in given.items() if isinstance(given, dict) else [("", "")]:
        if not str(key).isdigit() or int(key) >= len(page.glyphs) or not isinstance(sort, str):
            raise ValueError("Your readings did not arrive in one piece: reload the page and try again.")
        if not 0 < len(sort.strip()) <= _LONGEST_NAME or set(sort) & _REFUSED or sort.startswith("."):
            refused = " ".join(sorted(_REFUSED - {"\0"}))
            raise ValueError(f"A sort's name has 1 to {_LONGEST_NAME} characters, none of {refused}, no dot first.")
        named[int(key)] = sort.strip()
    return named


def _small(picture: np.ndarray) -> np.ndarray:
    """The picture (h, w, 3) at most `SIDE` pixels wide and high."""
    image = Image.fromarray(picture)
    image.thumbnail((SIDE, SIDE))
    return np.asarray(image)
