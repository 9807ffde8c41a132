"""Weights from anybody: whatever is wrong with one is a ValueError of one sentence naming the file."""

import dataclasses
import json
import struct
from pathlib import Path

import pytest
import torch
from helpers.bad_files import one_sentence
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save, save_file

import ebm
from ebm.checkpoint.examples import examples_path, load_examples
from ebm.checkpoint.files import save_card, shapes
from ebm.model.energy import EnergyNet


def _weights(change):
    """Damages the tensors: change gets them by name."""

    def damage(path: Path):
        weights = load_file(path)
        change(weights)
        save_file(weights, path)

    return damage


def _bytes(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


def _header(change):
    """Damages the header: change gets it as a dict."""

    def damage(data: bytes) -> bytes:
        size = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8 : 8 + size])
        change(header)
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data[8 + size :]

    return _bytes(damage)


def _kind(kind):
    return _weights(lambda w: w.update({"features.0.bias": torch.zeros(4, dtype=kind)}))


BIAS = "features.0.bias"
BAD_WEIGHTS = {
    "empty": (_bytes(lambda d: b""), "not a whole"),
    "zeros": (_bytes(lambda d: bytes(1000)), "not a whole"),
    "text": (_bytes(lambda d: b"I am no checkpoint at all"), "not a whole"),
    "a pickle under a false name": (lambda p: torch.save({"a": 1}, p), "not a whole"),
    **{f"cut at {t}/10": (_bytes(lambda d, t=t: d[: len(d) * t // 10]), "not a whole") for t in range(1, 10)},
    "one byte more": (_bytes(lambda d: d + b"x"), "not a whole"),
    "header longer than the file": (_bytes(lambda d: struct.pack("<Q", 2**40) + d[8:]), "not a whole"),
    "header of 2^64 - 1 bytes": (_bytes(lambda d: b"\xff" * 8 + d[8:]), "not a whole"),
    "header of 2 MB": (_bytes(lambda d: struct.pack("<Q", 2**21) + b" " * 2**21 + d), "header has 2,097,152 bytes"),
    "nested header": (_bytes(lambda d: struct.pack("<Q", 200_000) + b"[" * 200_000), "not a whole"),
    "huge declared shape": (_header(lambda h: h[BIAS].update(shape=[2**40])), "not a whole"),
    "shape that overflows": (_header(lambda h: h[BIAS].update(shape=[2**62, 2**62])), "not a whole"),
    "negative shape": (_header(lambda h: h[BIAS].update(shape=[-4])), "not a whole"),
    "offsets beyond the file": (_header(lambda h: h[BIAS].update(data_offsets=[0, 2**50])), "not a whole"),
    "unknown kind": (_header(lambda h: h[BIAS].update(dtype="OBJECT")), "not a whole"),
    "a tensor too many": (_weights(lambda w: w.update(more=torch.zeros(1))), "'more' is missing or too many"),
    "a long name": (_weights(lambda w: w.update({"m" * 10_000: torch.zeros(1)})), "missing or too many"),
    "a tensor missing": (_weights(lambda w: w.pop(BIAS)), f"{BIAS!r} is missing or too many"),
    "another network": (lambda p: save_file({"conv1.weight": torch.zeros(3)}, p), "missing or too many"),
    "no tensors": (lambda p: save_file({}, p), "missing or too many"),
    "another shape": (_weights(lambda w: w.update({BIAS: torch.zeros(2, 2)})), f"{BIAS!r} is (2, 2)"),
    "no elements": (_weights(lambda w: w.update({BIAS: torch.zeros(0)})), f"{BIAS!r} is (0,)"),
    "other classes": (_weights(lambda w: w.update({"classifier.2.bias": torch.zeros(7)})), "'classifier.2.bias'"),
    "NaN": (_weights(lambda w: w[BIAS].fill_(float("nan"))), f"{BIAS!r} has values that are not finite"),
    "infinity": (_weights(lambda w: w[BIAS].fill_(float("-inf"))), f"{BIAS!r} has values that are not finite"),
    "too large for single precision": (
        _weights(lambda w: w.update({BIAS: torch.full((4,), 1e300, dtype=torch.float64)})), "not finite",
    ),
    "whole numbers": (_kind(torch.int64), f"{BIAS!r} is I64"),
    "booleans": (_kind(torch.bool), f"{BIAS!r} is BOOL"),
    "eight bits": (_kind(torch.float8_e4m3fn), f"{BIAS!r} is F8_E4M3"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_WEIGHTS)
def test_bad_weights_are_refused(tiny, case):
    path, *_ = tiny
    damage, words = BAD_WEIGHTS[case]
    damage(path)
    with pytest.raises(ValueError) as caught:
        ebm.load(path)
    one_sentence(caught.value, "tiny.safetensors", words)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floating_point_weights_become_single_precision(tiny, kind):
    path, net, _ = tiny
    save_file({name: value.to(kind) for name, value in load_file(path).items()}, path)
    model, _ = ebm.load(path)
    for read, wanted in zip(model.parameters(), net.parameters(), strict=True):
        assert read.dtype == torch.float32 and torch.equal(read, wanted.to(kind).float())


def test_weights_survive_a_file_that_is_written_over(tiny):
    path, net, _ = tiny
    model, _ = ebm.load(path)
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
    for read, wanted in zip(model.parameters(), net.parameters(), strict=True):
        assert torch.equal(read, wanted)


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "model.pth", "model.bin", "model.pkl", "model"])
def test_other_kinds_of_files_are_refused_by_name_and_not_read(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x80\x04")
    with pytest.raises(ValueError) as caught:
        ebm.load(tmp_path / name)
    one_sentence(caught.value, f"{name} is refused", "pickle")


def test_a_folder_or_a_missing_card_is_one_sentence(tiny, tmp_path):
    path, *_ = tiny
    (tmp_path / "folder.safetensors").mkdir()
    for wrong in (tmp_path / "folder.safetensors", path):
        path.with_suffix(".json").unlink(missing_ok=True)
        with pytest.raises(ValueError, match="There is no file"):
            ebm.load(wrong)


@pytest.mark.parametrize(
    "change", [{"width": 512, "outputs": 42}, {"width": 10**6}, {"width": 2**62}, {"outputs": 10**9}]
)
def test_a_card_that_claims_a_giant_network_allocates_nothing(tiny, change):
    resource = pytest.importorskip("resource")  # not on Windows
    path, net, card = tiny
    architecture = card.architecture | change
    sorts = [str(k) for k in range(min(architecture["outputs"], 5000))]
    save_card(path, dataclasses.replace(card, architecture=architecture, sorts=sorts, texts=sorts))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError) as caught:
        ebm.load(path)
    one_sentence(caught.value, "tiny.")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB; width 512 has 300 MB of weights


def test_shapes_are_those_of_the_network():
    for architecture in ({"width": 3, "outputs": 1, "head": "pool"}, {"width": 5, "outputs": 7, "head": "flat"}):
        made = EnergyNet(**architecture).state_dict()
        assert shapes(architecture) == {name: tuple(value.shape) for name, value in made.items()}


@pytest.mark.parametrize(
    "content",
    [b"", b"nothing", save({"test": torch.zeros(2, 56, 56)}), save({"test": torch.zeros(2, 5, dtype=torch.uint8)}),
     save({"test": torch.zeros(56, dtype=torch.uint8)}), struct.pack("<Q", 2**21) + b" " * 2**21],
)  # fmt: skip
def test_bad_example_pictures_are_one_sentence(tiny, content):
    path, *_ = tiny
    examples_path(path).write_bytes(content)
    with pytest.raises(ValueError) as caught:
        load_examples(path)
    one_sentence(caught.value, "tiny.examples.safetensors")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1), to=st.binary(min_size=1, max_size=12))
def test_any_bytes_in_the_weights_give_a_network_or_one_sentence(tiny, at, to):
    path, net, _ = tiny
    whole = path.read_bytes()
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    place = int(at * header)  # in the header: there is no wrong number among weights but one that is not finite
    path.write_bytes(whole[:place] + to + whole[place + len(to) :])
    try:
        model, _ = ebm.load(path)
    except ValueError as error:
        one_sentence(error, "tiny.safetensors")
    else:
        assert {p.dtype for p in model.parameters()} == {torch.float32}
    finally:
        path.write_bytes(whole)
