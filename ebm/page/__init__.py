"""A page scan -> its lines and glyphs, read by a model, as a case of sorts. `read_page` and `write_case` do it."""

from importlib import import_module

_LAZY = {  # what these need (scikit-image, pyarrow) would slow other imports down
    "Box": "ebm.page.layout",
    "GlyphBox": "ebm.page.layout",
    "Layout": "ebm.page.layout",
    "Line": "ebm.page.layout",
    "Proposal": "ebm.page.proposals",
    "ReadGlyph": "ebm.page.read",
    "ReadPage": "ebm.page.read",
    "find_glyphs": "ebm.page.segment",
    "propose": "ebm.page.proposals",
    "read_page": "ebm.page.read",
    "write_case": "ebm.page.case",
}
__all__ = [*_LAZY]


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
