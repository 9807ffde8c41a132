"""PAGE-XML and ALTO beside a scan."""

import numpy as np
import pytest
from helpers.made_page import make_page

from ebm.page import find_glyphs
from ebm.page.scan import Scan
from ebm.page.transcription import MAX_BYTES, read_transcription

ALTO = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><TextLine HPOS="85" VPOS="110" WIDTH="800"
HEIGHT="60"><String CONTENT="first"/><String CONTENT="line"/></TextLine></Layout></alto>"""
PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"><TextLine>
<Coords points="85,110 885,110 885,170 85,170"/><Word><TextEquiv><Unicode>word</Unicode></TextEquiv></Word>
<TextEquiv><Unicode>first line</Unicode></TextEquiv></TextLine></PcGts>"""


@pytest.mark.parametrize("text", [ALTO, PAGE])
def test_lines_get_their_text(text, tmp_path):
    path = tmp_path / "page.xml"
    path.write_text(text)
    (line,) = read_transcription(path)
    assert line.text == "first line" and (line.box.left, line.box.bottom) == (85, 170)
    layout = find_glyphs(Scan("made", np.asarray(make_page(lines=3).picture), 1), [line])
    assert [found.text for found in layout.lines] == ["first line", None, None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no xml", "not whole XML"),
        ("<html/>", "neither PAGE-XML nor ALTO"),
        ("<alto><TextLine HPOS='x'/></alto>", "coordinates"),
        ("<PcGts><TextLine/></PcGts>", "coordinates"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><alto>&b;</alto>", "not safe"),
        ("<alto>" + "<TextLine HPOS='1' VPOS='1' WIDTH='1' HEIGHT='1'/>" * 5_001 + "</alto>", "at most 5,000"),
        (" " * (MAX_BYTES + 1), "20 MB"),
    ],
)  # fmt: skip
def test_a_bad_file_is_reported_in_a_sentence(text, words, tmp_path):
    path = tmp_path / "page.xml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_transcription(path)
