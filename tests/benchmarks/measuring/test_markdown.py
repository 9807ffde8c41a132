"""The tables of the benchmarks' page: made from the reports, and those that are there are up to date."""

import json

import pytest

from benchmarks.measuring.markdown import PAGE, filled

MACHINE = {"processor": "A", "cores": 2, "threads": 1, "torch": "2", "load_average": [0.5, 1.0, 2.0]}
FIGURES = [
    {"name": "start-up", "value": 5.718, "unit": "s", "target": 5, "at_most": True, "met": False},
    {"name": "calls", "value": 12345.6, "unit": ""},
]


def test_a_block_holds_the_figures_of_its_report_and_the_rest_stays(tmp_path) -> None:
    (tmp_path / "app.json").write_text(json.dumps({"suite": "app", "machine": MACHINE, "figures": FIGURES}))
    page = "before\n<!-- results: app -->\nold\n<!-- end of results -->\nafter"
    new = filled(page, tmp_path)
    assert new.startswith("before\n") and new.endswith("\nafter") and "old" not in new
    assert "| start-up | **5.72 s, missed** | at most 5 |" in new and "| calls | 12,346 |  |" in new
    assert filled(new, tmp_path) == new


def test_a_block_without_its_report_is_one_sentence(tmp_path) -> None:
    with pytest.raises(ValueError, match="There is no report"):
        filled("<!-- results: gone -->\n<!-- end of results -->", tmp_path)


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "<!-- results: sgld" in page and filled(page) == page
