"""Cards from anybody: whatever is wrong with one is a ValueError of one sentence naming file and field."""

import dataclasses
import json

import pytest
from helpers.bad_files import card_text, one_sentence
from hypothesis import given, settings
from hypothesis import strategies as st

from ebm.checkpoint.card import Card, check_sorts, check_title, parse_card
from ebm.checkpoint.files import load_card
from ebm.sampling.sampler import Sampler

FIELDS = [f.name for f in dataclasses.fields(Card)]
DEEP = "[" * 20 + "]" * 20
BAD_JSON = {
    "empty": "",
    "no object": "[1, 2]",
    "cut": card_text()[:-20],
    "nested 20 deep": card_text().replace('"recipe": {}', '"recipe": {"a": ' + DEEP + "}"),
    "nested 100,000 deep": "[" * 100_000,
    "nested objects": '{"a":' * 100_000,
    "NaN": card_text(threshold=float("nan")),
    "Infinity": card_text(metrics={"nll": float("inf")}),
    "1e999": card_text().replace('"seed": 0', '"seed": 0, "temperature": 1e999'),
    "1e999 deep inside": card_text().replace('"recipe": {}', '"recipe": {"a": [1e999]}'),
    "a number of 10,000 digits": card_text().replace('"seed": 0', '"seed": ' + "9" * 10_000),
    "a number of 30 digits": card_text(recipe={"lr": 10**30}),
    "a field twice": '{"name": "a", "name": "b"}',
    "half a character": card_text(notes="\ud800"),
    "half a character as a name": card_text(recipe={"\udfff": 1}),
}


@pytest.mark.parametrize("case", BAD_JSON)
def test_a_card_of_broken_json_is_refused(case):
    with pytest.raises(ValueError) as caught:
        parse_card(BAD_JSON[case], "tiny.json")
    one_sentence(caught.value, "tiny.json")


def test_a_card_in_another_encoding_or_too_large_is_refused(tiny):
    path, *_ = tiny
    source = path.with_suffix(".json")
    for content in (card_text(name="\u017f").encode("utf-16"), b"\xff\xfe\x00", b" " * (16 * 2**20 + 1)):
        source.write_bytes(content)
        with pytest.raises(ValueError) as caught:
            load_card(path)
        one_sentence(caught.value, "tiny.json")


def test_a_card_of_the_first_format_is_read_where_its_steps_are_plain_ones_and_else_refused():
    card = json.loads(card_text(format=1))
    old = {"steps": 60, "print_steps": 256, "step_size": 10.0, "noise": 0.005, "grad_clip": 0.03, "start": "gaussian"}
    plain = {"smooth": False, "normalize": False, "anneal": 0.0}
    read = parse_card(json.dumps(card | {"sampler": old | plain}), "tiny.json")
    assert read.format == 2 and read.sampler == Sampler(**old, print_noise=0.005)
    for changed in ({"normalize": True}, {"smooth": True}, {"anneal": 0.25}):
        with pytest.raises(ValueError, match="format 1") as caught:
            parse_card(json.dumps(card | {"sampler": old | plain | changed}), "tiny.json")
        one_sentence(caught.value, "tiny.json")


NAMES = ["", " ", "../secret", "/etc/passwd", "a/b", "a\\b", "C:\\x", ".hidden", "..", "two\nlines", "tab\t", "nul\0",
         "<b>bold</b>", "<script>alert(1)</script>", '" onload="x', "\u202egnp.exe", "\u2028", "x" * 101]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_with_tricks_are_refused(name):
    with pytest.raises(ValueError) as caught:
        parse_card(card_text(name=name), "tiny.json")
    one_sentence(caught.value, "tiny.json", "'name'")
    with pytest.raises(ValueError):
        check_title(name)


@pytest.mark.parametrize("sorts", [["a\nb"], ["a", "a"], [""], ["x" * 81], ["a\0"], [1], "a", [["a"]], None])
def test_sorts_with_tricks_are_refused(sorts):
    with pytest.raises(ValueError):
        check_sorts(sorts)


def test_names_that_old_types_need_are_kept():
    assert check_title("jem-M\u00fcller 2 (b), 1e-4=lr") and check_sorts(["\ueba7", "q\u0304", "/", "<", "\ua75b"])


WRONG_INSIDE = [
    ("architecture", {"width": 0}), ("architecture", {"width": True}), ("architecture", {"width": 4.0}),
    ("architecture", {"outputs": "42"}), ("architecture", {"head": []}), ("architecture", {"depth": 1}),
    ("sampler", {"steps": 0}), ("sampler", {"print_steps": 1e3}), ("sampler", {"step_size": "10"}),
    ("sampler", {"noise": -1}), ("sampler", {"grad_clip": 0}),
    ("sampler", {"print_noise": "no"}), ("sampler", {"anneal": 0.5}), ("sampler", {"start": "middle"}),
    ("sampler", {"start": {}}), ("sampler", {"steps": 10**9}), ("sampler", {"more": 1}),
    ("recipe", {"steps": "60"}), ("recipe", {"reinit": []}),
    ("data", {"source": 1}), ("data", {"strangers": []}), ("data", {"strangers": {"noise": "far"}}),
    ("data", {"strangers": {"noise": {"kind": 1}}}), ("data", {"sizes": [1]}), ("data", {"digest": {}}),
    ("metrics", {"accuracy": "all"}), ("metrics", {"ood": []}), ("made_with", {"best": 1}),
    ("made_with", {"rollbacks": 0}), ("set_scores", {"noise": {"energy": [1.0]}}), ("set_scores", {"test": []}),
    ("set_scores", {"test": {"energy": []}}), ("set_scores", {"test": {"energy": ["1"]}}),
    ("set_scores", {"test": {"energy": [1]}, "noise": {"mass": [1]}}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "change"), WRONG_INSIDE)
def test_a_wrong_entry_of_a_field_is_refused_with_the_field(field, change):
    now = json.loads(card_text())[field]
    with pytest.raises(ValueError) as caught:
        parse_card(card_text(**{field: now | change}), "tiny.json")
    one_sentence(caught.value, "tiny.json", repr(field))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold": None}, "'threshold' and 'reference_energies'"),
        ({"reference_energies": []}, "'threshold' and 'reference_energies'"),
        ({"threshold": None, "reference_energies": None}, "'threshold' and 'reference_energies'"),
        ({"mode": "ebm"}, "which has one output, not 42"),
        ({"sorts": ["a"]}, "42 classes"),
        ({"texts": ["a"]}, "42 classes"),
        ({"format": 1.0}, "format 1.0"),
        ({"format": True}, "format True"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(changes, words):
    with pytest.raises(ValueError) as caught:
        parse_card(card_text(**changes), "tiny.json")
    one_sentence(caught.value, "tiny.json", words)


OTHERS = [None, True, -1, 2.5, "", "\n", "text", [], [None], [[1]], ["text"], {}, {"a": 1}, {"": {"": [0.5]}}]
ANY_OBJECT, ANY_TEXT = [{}, {"a": 1}, {"": {"": [0.5]}}], ["", "\n", "text"]
# What of these a field may hold.
RIGHT = {
    "name": ["text"], "seed": [-1], "temperature": [2.5], "threshold": [-1, 2.5], "set_scores": [{}],
    "recipe": ANY_OBJECT, "data": ANY_OBJECT, "metrics": ANY_OBJECT, "made_with": ANY_OBJECT,
    "threshold_rule": ANY_TEXT, "notes": ANY_TEXT,
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", OTHERS, ids=repr)
def test_every_field_of_a_wrong_type_is_refused_with_its_name(field, value):
    text = card_text(**{field: value})
    if repr(value) in map(repr, RIGHT.get(field, [])):
        assert getattr(parse_card(text, "tiny.json"), field) == value
        return
    with pytest.raises(ValueError) as caught:
        parse_card(text, "tiny.json")
    one_sentence(caught.value, "tiny.json", field)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(field=st.sampled_from(FIELDS), value=JSON)
def test_any_value_gives_a_card_or_one_sentence(field, value):
    try:
        card = parse_card(card_text(**{field: value}), "tiny.json")
    except ValueError as error:
        one_sentence(error, "tiny.json")
    else:
        assert parse_card(json.dumps(dataclasses.asdict(card), allow_nan=False), "again.json") == card


@settings(max_examples=200, deadline=None)
@given(text=st.text() | st.dictionaries(st.sampled_from(FIELDS), JSON).map(json.dumps))
def test_any_text_gives_a_card_or_one_sentence(text):
    with pytest.raises(ValueError) as caught:
        parse_card(text, "tiny.json")
    one_sentence(caught.value, "tiny.json")
