"""The tables of the benchmarks' page: made from the reports, and those that are there are up to date."""

import json

import pytest

from benchmarks.measuring.markdown import PAGES, filled

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


def test_adapted_models_have_a_row_a_plan_and_one_a_round(tmp_path) -> None:
    drawn = {"book": "b42", "way": "drawn", "count": 3, "draws": 5, "shown": [98.0, 0.0]}
    names = ("before accuracy", "after accuracy", "nearest accuracy", "svm accuracy", "before auroc", "after auroc",
             "nearest auroc", "svm auroc", "after known_called_strangers", "after strangers_caught")  # fmt: skip
    drawn |= {name: [0.9 + k / 100, 0.001] for k, name in enumerate(names)}
    loop = drawn | {
        "way": "loop",
        "count": 1,
        "proposed": [4.0, 0.0],
        "right": [3.0, 0.0],
        "proposed_strangers": [1.0, 0.0],
    }
    report = {"suite": "adapt", "machine": MACHINE, "summary": [drawn, loop]}
    (tmp_path / "adapt.json").write_text(json.dumps(report))
    new = filled("<!-- results: adapt -->\n<!-- end of results -->", tmp_path)
    assert "| b42 | 3 (98) | 0.900 -> **0.910 ± 0.001** | 0.920 / 0.930 |" in new and "| 98.0 %, 99 % |" in new
    assert "| 1 | 4.0: 3.0, 1.0 | 98.0 ± 0.0 |" in new


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_up_to_date(page) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<!-- results: " in text and filled(text) == text
