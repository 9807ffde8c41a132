"""The compiled Langevin step: the same numbers as torch's operators give, and no need for a compiler."""

import ctypes
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from ebm import EnergyNet, sgld
from ebm.sampling import native
from ebm.sampling.native import NativeStep, library
from ebm.sampling.starts import uniform_start

needs_library = pytest.mark.skipif(library().wait().code is None, reason=f"not compiled: {library().reason}")

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the step is compiled on Linux alone")


@dataclass
class Held:
    """What `sgld` asks of a `Library`: the compiled code, or None while there is none."""

    code: object = None


class Passed:
    """The compiled code, except that every call of its step is seen, and its gradients may be off by a factor."""

    def __init__(self, factor=1.0):
        self.calls, self.factor = 0, factor

    def __getattr__(self, name):
        return getattr(library().code, name)

    def langevin_step(self, net, n, *pointers):
        self.calls += 1
        library().code.langevin_step(net, n, *pointers)
        out = (ctypes.c_float * (n * 56 * 56)).from_address(pointers[5])
        np.ctypeslib.as_array(out)[:] *= np.float32(self.factor)


def script(folder: Path, text: str) -> str:
    """A program in the place of a compiler."""
    path = folder / "compiler.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


def network(width, head="flat", outputs=5):
    torch.manual_seed(width)
    net = EnergyNet(width, outputs, head).requires_grad_(False)
    for parameter in net.parameters():
        parameter.mul_(1.5)
    return net


def glyphs(n):
    return uniform_start(n, torch.Generator().manual_seed(n))


@needs_library
@pytest.mark.parametrize("head", ["flat", "pool"])
@pytest.mark.parametrize("width", [16, 32, 48, 64])
@pytest.mark.parametrize("threads", [1, 3])
def test_energy_and_gradient_are_those_of_autograd(width, head, threads):
    net, n = network(width, head), 11  # no multiple of what goes through the deep layers together
    step = NativeStep(library().code, net, threads)
    for y in (None, torch.arange(n) % 5):
        x = glyphs(n).requires_grad_()
        expected = net.energy(x, *([] if y is None else [y]))
        (slope,) = torch.autograd.grad(expected.sum(), x)
        energy, gradient = step(x.detach(), y)
        assert torch.allclose(energy, expected.detach(), atol=1e-5)
        assert torch.allclose(gradient, slope, rtol=0, atol=1e-5 * float(slope.abs().max()))


@needs_library
def test_the_gradient_of_a_glyph_does_not_depend_on_the_others():
    step, x = NativeStep(library().code, network(32), 2), glyphs(9)
    _, together = step(x)
    alone = torch.cat([step(x[k : k + 1])[1] for k in range(9)])
    assert torch.equal(together, alone)


@needs_library
@pytest.mark.parametrize(
    "settings",
    [
        {"step_size": 10.0, "noise": 0.005, "grad_clip": 0.02},
        {"step_size": 1.8, "noise": 0.01},
        {"step_size": 30.0, "noise": 0.0, "clamp": None},
        {"step_size": 50.0, "noise": 0.1, "clamp": (-0.5, 0.25)},
    ],
)
@pytest.mark.parametrize("steered", [True, False])
def test_chains_are_the_same_with_and_without_it(settings, steered):
    net, start = network(16), glyphs(6)
    y = torch.arange(6) % 5 if steered else None

    def end(code):
        generator = torch.Generator().manual_seed(1)
        *_, last = sgld(net, start, steps=5, y=y, generator=generator, compiled=Held(code), **settings)
        return last

    used = Passed()
    with_it, without = end(used), end(None)
    assert used.calls == 5
    assert torch.allclose(with_it.x, without.x, atol=1e-3)
    assert torch.allclose(with_it.energy, without.energy, atol=1e-3)
    assert float((with_it.x - start).abs().mean()) > 1e-3


@needs_library
def test_it_takes_over_in_the_middle_of_a_run_when_it_is_ready():
    held, code = Held(), Passed()
    run = sgld(network(16), glyphs(4), steps=6, step_size=1.0, noise=0.0, compiled=held)
    next(run)
    next(run)
    held.code = code
    assert [s.index for s in run] == [3, 4, 5, 6] and code.calls == 3  # the chains are one step ahead


@needs_library
@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize("steered", [True, False])
def test_every_state_comes_with_its_own_energies(every: int, steered: bool):
    net, code = network(16), Passed()
    y = torch.arange(4) % 5 if steered else None
    run = sgld(net, glyphs(4), steps=7, step_size=5.0, noise=0.01, y=y, every=every, compiled=Held(code))
    seen = list(run)
    assert [s.index for s in seen] == sorted({*range(every, 8, every), 7})
    for s in seen:
        with torch.no_grad():
            assert torch.allclose(s.energy, net.energy(s.x, y) if steered else net.energy(s.x), atol=1e-4)
    assert code.calls == 7


@needs_library
def test_without_being_told_it_is_used_all_the_same():
    net, start = network(16), glyphs(4)
    said, own = (list(sgld(net, start, steps=3, step_size=9.0, noise=0.0, compiled=c)) for c in (library(), None))
    slow = list(sgld(net, start, steps=3, step_size=9.0, noise=0.0, compiled=Held()))
    assert torch.equal(said[-1].x, own[-1].x) and not torch.equal(slow[-1].x, own[-1].x)  # rounding tells them apart


def test_networks_and_chains_that_do_not_fit_are_left_to_torch():
    assert native.fits(network(16), glyphs(2))
    assert not native.fits(network(8), glyphs(2))
    assert not native.fits(network(16), glyphs(2).double())
    assert not native.fits(lambda x: x.flatten(1).sum(1), glyphs(2))

    class Other(EnergyNet):
        pass

    assert not native.fits(Other(16, 3), glyphs(2))


@on_linux
def test_without_a_compiler_one_line_says_so_and_sampling_works(tmp_path):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        missing = native.Library(tmp_path, compilers=("no-such-compiler",)).wait()
    assert missing.code is None and "no C compiler" in missing.reason
    (warning,) = seen
    assert "half its speed" in str(warning.message) and "\n" not in str(warning.message)
    (last,) = sgld(network(16), glyphs(2), steps=2, step_size=1.0, noise=0.0, every=2, compiled=missing)
    assert torch.isfinite(last.x).all()


@on_linux
def test_a_compiler_that_fails_is_quoted(tmp_path):
    failing = script(tmp_path, "echo 'error: no such flag' >&2; exit 1")
    with pytest.warns(RuntimeWarning, match="compiler.sh says: .*error: no such flag"):
        native.Library(tmp_path / "made", compilers=(failing,)).wait()


def test_it_can_be_turned_off(monkeypatch, tmp_path):
    monkeypatch.setenv(native.SWITCH, "0")
    with pytest.raises(ValueError, match="turns the compiled step off"):
        native.compile_for_this_machine(tmp_path)


@needs_library
def test_the_machines_own_compiler_makes_what_can_be_loaded_and_is_right(tmp_path):
    native.check(native.load(native.compile_for_this_machine(tmp_path)))


@on_linux
def test_it_is_compiled_once_and_for_one_kind_of_processor(tmp_path):
    """With a compiler that writes a line into its output, and one a call into a log."""
    writing = script(tmp_path, f"echo call >> {tmp_path}/log; while [ $1 != -o ]; do shift; done; echo code > $2")
    made = tmp_path / "made"

    def compile_for(processor=None):
        return native.compile_for_this_machine(made, compilers=(writing,), processor=processor)

    first = compile_for()
    assert compile_for() == first and first.read_text() == "code\n"
    assert (tmp_path / "log").read_text().count("call") == 1
    assert compile_for("another") != first
    assert len(list(made.iterdir())) == 2  # nothing half done is left


@needs_library
def test_a_library_with_wrong_numbers_is_refused():
    state = torch.get_rng_state()
    native.check(Passed())
    with pytest.raises(ValueError, match="other gradients"):
        native.check(Passed(factor=1.01))
    assert torch.equal(state, torch.get_rng_state())
