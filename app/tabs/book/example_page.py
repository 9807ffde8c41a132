"""The built-in page: the first Psalm, printed by code from the case, with a dozen strange glyphs in it."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ebm.data.synthetic.printed_page import PrintedPage

NAME = "psalm-printed-by-code"
_FOUNT, _SEED = 11, 1
_WIDTH = 95.0  # of a column, in fifths of the x-height
# Psalm 1 in the Vulgate. "nō", "ē" and the like are the abbreviations of the time; in brackets stand forms that are in
# no case of ours, as a printer might have them from another.
_TEXT = """
Beatus uir qui nō abiit in cōſilio impiorum et in uia peccatorum nō ſtetit et in cathedra peſtilētie nō ſedit
ſed in lege domini uolūtas eius et in lege eius [theta]meditabitur die ac nocte
Et erit tamꝗ lignum quod plātatum eſt ſecus decurſus aquarum quod fructum ſuum dabit in tēpore ſuo
Et folium eius nō defluet et omnia [4] quecunꝗ faciet pꝛoſꝑabuntur
nō ſic impii nō ſic ſed tamꝗ puluis quem [psi]roicit uentus a facie terre
ideo nō reſurgunt [omega] impii in iudicio neꝗ peccatores in cōcilio iuſtorum
Qm nouit dominus uiam iuſtorum et iter [7]impiorum ꝑibit
[H]uare fremuerūt gētes et populi meditati ſunt inania
Aſtiterunt reges terre et pricipes cōuenerūt in unū aduerſus dominum et aduerſus [xi] xpm eius
Dirumpamus uīcula eorum et [phi]roiciamus a nobis iugum ipſorum
[K]ui habitat in celis irridebit eos et dominus ſubſannabit eos
Tūc loquetur ad eos in ira ſua et in furore [5] ſuo cōturbabit eos
[G]go autem cōſtitutus ſum rex ab eo ſup ſyon montē ſanctū [alpha] eius predicās preceptū eius
Dominus dixit ad me filius meus es tu ego hodie genui te
Beati omnes qui cōfidūt in eo
"""


@cache
def example_page() -> "PrintedPage":
    """The page, the same on every call."""
    from ebm.data.synthetic.founts import textura_founts  # scipy: not before someone asks for the page
    from ebm.data.synthetic.printed_page import print_page

    (fount,) = textura_founts(1, seed=_FOUNT)
    return print_page(_TEXT.replace("] ", "]").split(), fount, width=_WIDTH, seed=_SEED)


@cache
def example_path() -> Path:
    """The page as a file, written once a process."""
    path = Path(mkdtemp(prefix="glyph-ebm-")) / f"{NAME}.png"
    example_page().picture.save(path)
    return path
