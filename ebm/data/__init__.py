"""Glyphs: the 42 sorts, the pen and the press that make them, and all other sources."""

from importlib import import_module

from ebm.data.corpus import Corpus

_LAZY = {  # what these need (scipy, joblib) would slow `import ebm` down
    "load": "ebm.data.sources",
    "load_corpus": "ebm.data.sources",
    "GlyphDataModule": "ebm.data.batches",
    "unseen_founts": "ebm.data.synthetic.pen_corpus",
    "strangers": "ebm.data.stranger_sets",
    "STRANGERS": "ebm.data.stranger_sets",
}
__all__ = ["Corpus", *_LAZY]


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
