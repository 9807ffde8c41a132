"""The compiled Langevin step: the same numbers as torch's operators give, and no need for a compiler."""

import warnings

import pytest
import torch

from ebm import EnergyNet, sgld
from ebm.sampling import native
from ebm.sampling.native import NativeStep, library
from ebm.sampling.starts import uniform_start

needs_library = pytest.mark.skipif(library().wait().code is None, reason=f"not compiled: {library().reason}")


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
def test_a_picture_s_gradient_does_not_hang_on_the_pictures_around_it():
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
def test_chains_are_the_same_with_and_without_it(settings, steered, monkeypatch):
    net, start = network(16), glyphs(6)
    y = torch.arange(6) % 5 if steered else None

    def end():
        *_, last = sgld(net, start, steps=5, y=y, generator=torch.Generator().manual_seed(1), **settings)
        return last

    with_it = end()
    monkeypatch.setattr(library(), "code", None)
    without = end()
    assert torch.allclose(with_it.x, without.x, atol=1e-3)
    assert torch.allclose(with_it.energy, without.energy, atol=1e-3)
    assert float((with_it.x - start).abs().mean()) > 1e-3


@needs_library
def test_it_takes_over_in_the_middle_of_a_run_when_it_is_ready(monkeypatch):
    net, start, code = network(16), glyphs(4), library().code
    calls = []
    real = NativeStep.__call__
    monkeypatch.setattr(NativeStep, "__call__", lambda self, *a, **k: calls.append(1) or real(self, *a, **k))
    monkeypatch.setattr(library(), "code", None)
    run = sgld(net, start, steps=6, step_size=1.0, noise=0.0)
    next(run)
    next(run)
    assert not calls
    library().code = code
    assert [s.index for s in run] == [3, 4, 5, 6] and len(calls) == 4


def test_networks_and_chains_that_do_not_fit_are_left_to_torch():
    assert native.fits(network(16), glyphs(2))
    assert not native.fits(network(8), glyphs(2))
    assert not native.fits(network(16), glyphs(2).double())
    assert not native.fits(lambda x: x.flatten(1).sum(1), glyphs(2))

    class Other(EnergyNet):
        pass

    assert not native.fits(Other(16, 3), glyphs(2))


def test_without_a_compiler_one_line_says_so_and_sampling_works(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        missing = native.Library(tmp_path).wait()
    assert missing.code is None and "no C compiler" in missing.reason
    (warning,) = seen
    assert "half its speed" in str(warning.message) and "\n" not in str(warning.message)
    monkeypatch.setattr("ebm.sampling.langevin.library", lambda: missing)
    (last,) = sgld(network(16), glyphs(2), steps=2, step_size=1.0, noise=0.0, every=2)
    assert torch.isfinite(last.x).all()


def test_a_compiler_that_fails_is_quoted(monkeypatch, tmp_path):
    monkeypatch.setattr(native, "FLAGS", ("--no-such-flag",))
    with pytest.warns(RuntimeWarning, match="no-such-flag"):
        native.Library(tmp_path).wait()


def test_it_can_be_turned_off(monkeypatch, tmp_path):
    monkeypatch.setenv(native.SWITCH, "0")
    with pytest.raises(ValueError, match="turns the compiled step off"):
        native.compile_for_this_machine(tmp_path)


@needs_library
def test_it_is_compiled_once_and_for_one_kind_of_processor(monkeypatch, tmp_path):
    first = native.compile_for_this_machine(tmp_path)
    made = first.stat().st_mtime_ns
    assert native.compile_for_this_machine(tmp_path) == first and first.stat().st_mtime_ns == made
    monkeypatch.setattr(native, "processor", lambda: "another")
    assert native.compile_for_this_machine(tmp_path) != first
    assert len(list(tmp_path.iterdir())) == 2  # nothing half done is left


@needs_library
def test_a_library_with_wrong_numbers_is_refused(monkeypatch):
    real = native.pack

    def spoilt(net):
        packed, kept = real(net)
        kept[0].mul_(1.01)
        return packed, kept

    monkeypatch.setattr(native, "pack", spoilt)
    state = torch.get_rng_state()
    with pytest.raises(ValueError, match="other gradients"):
        native.check(library().code)
    assert torch.equal(state, torch.get_rng_state())
