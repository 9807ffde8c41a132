"""SGLD against processes whose distribution is known exactly, and the replay buffer."""

import math

import pytest
import torch

from ebm import EnergyNet, ReplayBuffer, sgld
from ebm.sampling.chains import chains
from ebm.sampling.starts import STARTS


def gaussian_energy(scale):
    """E of N(0, scale^2) in every coordinate."""
    return lambda x: (x.flatten(1) ** 2).sum(1) / (2 * scale**2)


def run(energy, x, **settings):
    generator = torch.Generator().manual_seed(0)
    *_, last = sgld(energy, x, grad_clip=None, clamp=None, generator=generator, **settings)
    return last.x


@pytest.mark.parametrize(
    ("step_size", "noise", "scale", "steps"), [(0.1, 0.3, 1.0, 200), (0.5, 0.2, 2.0, 100), (1.5, 1.0, 1.0, 60)]
)
def test_on_a_gaussian_the_chain_is_an_ar1_process_with_its_exact_variance(step_size, noise, scale, steps):
    phi = 1 - step_size / scale**2
    expected = noise**2 * (1 - phi ** (2 * steps)) / (1 - phi**2)
    x = run(gaussian_energy(scale), torch.zeros(4000, 1, 4, 4), steps=steps, step_size=step_size, noise=noise)
    assert float(x.var()) == pytest.approx(expected, rel=0.02)  # 64,000 values: standard error 0.6 %
    assert abs(float(x.mean())) < 4 * math.sqrt(expected / x.numel())


def test_equation_5_has_the_bias_of_unadjusted_langevin():
    eta = 0.8  # step eta / 2, noise sqrt(eta): the variance is 1 / (1 - eta / 4), not 1
    x = run(gaussian_energy(1.0), torch.zeros(4000, 1, 4, 4), steps=100, step_size=eta / 2, noise=math.sqrt(eta))
    assert float(x.var()) == pytest.approx(1 / (1 - eta / 4), rel=0.02)


def test_without_noise_the_mean_shrinks_by_the_known_factor_each_step():
    x = torch.full((1, 1, 2, 2), 3.0)
    states = list(sgld(gaussian_energy(1.0), x, steps=4, step_size=0.25, noise=0.0, clamp=None))
    assert [float(s.x[0, 0, 0, 0]) for s in states] == pytest.approx([3 * 0.75**k for k in (1, 2, 3, 4)])


def test_without_noise_a_flat_energy_leaves_x_and_a_slope_moves_it_downhill():
    x = torch.rand(2, 1, 3, 3)
    (flat,) = sgld(lambda x: x.flatten(1).sum(1) * 0, x, steps=5, step_size=1.0, noise=0.0, every=5)
    assert torch.equal(flat.x, x)
    net = EnergyNet(4, 3)
    start = torch.rand(4, 1, 56, 56)
    (moved,) = sgld(net, start, steps=20, step_size=0.5, noise=0.0, every=20)
    assert (moved.energy < net.energy(start)).all()  # pins the sign: energy falls, f rises


def test_the_gradient_is_clipped_per_pixel_and_the_state_clamped():
    x = torch.zeros(1, 1, 2, 2)
    steep = lambda x: 1000 * x.flatten(1).sum(1)  # noqa: E731
    (one,) = sgld(steep, x, steps=1, step_size=10.0, noise=0.0, grad_clip=0.01)
    assert torch.allclose(one.x, torch.full_like(x, -0.1))
    (far,) = sgld(steep, x, steps=1, step_size=10.0, noise=0.0)
    assert torch.equal(far.x, torch.full_like(x, -1.0))


def test_labels_steer_the_chain_by_their_own_logit():
    net, x, y = EnergyNet(4, 6), torch.rand(3, 1, 56, 56), torch.tensor([1, 5, 0])
    (last,) = sgld(net, x, steps=3, step_size=0.5, noise=0.0, y=y, every=3)
    assert torch.allclose(last.energy, net.energy(last.x, y))


def test_steps_are_yielded_every_n_and_after_the_last():
    states = list(sgld(gaussian_energy(1.0), torch.zeros(1, 1, 2, 2), steps=10, step_size=0.1, noise=0.1, every=4))
    assert [s.index for s in states] == [4, 8, 10]


def test_the_same_seed_gives_the_same_chain_and_the_start_is_not_touched():
    net, x = EnergyNet(4, 3), torch.rand(2, 1, 56, 56)
    before = x.clone()
    ends = []
    for _ in range(2):
        (last,) = sgld(net, x, steps=3, step_size=1.0, noise=0.1, every=3, generator=torch.Generator().manual_seed(7))
        ends.append(last.x)
    assert torch.equal(*ends) and torch.equal(x, before)


@pytest.fixture
def threads():
    """Sets the number of threads of torch's operators for this test alone."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("stop_after", [1, 5])
def test_the_noise_does_not_change_with_the_number_of_threads(threads, stop_after):
    x, left = torch.zeros(64, 1, 56, 56), []
    for number in (1, 2):
        threads(number)
        generator = torch.Generator().manual_seed(3)
        states = sgld(gaussian_energy(1.0), x, steps=5, step_size=0.1, noise=0.3, generator=generator)
        for _ in range(stop_after):
            state = next(states)
        states.close()
        left.append((state.x, generator.get_state()))
    assert all(torch.equal(one, two) for one, two in zip(*left, strict=True))


def flags(net):
    return [(p.requires_grad, p.grad) for p in net.parameters()], net.training


def test_the_model_is_left_as_it_was_between_yields_when_abandoned_and_on_errors():
    net = EnergyNet(4, 3).train()
    next(net.parameters()).requires_grad_(False)
    before = flags(net)
    chain = sgld(net, torch.rand(1, 1, 56, 56), steps=5, step_size=1.0, noise=0.1)
    next(chain)
    assert flags(net) == before
    chain.close()
    assert flags(net) == before
    with pytest.raises(ValueError):
        list(sgld(net, torch.rand(1, 1, 20, 20), steps=1, step_size=1.0, noise=0.0))
    assert flags(net) == before


def test_sampling_works_where_gradients_are_switched_off():
    with torch.no_grad():
        (last,) = sgld(EnergyNet(4, 3), torch.rand(1, 1, 56, 56), steps=1, step_size=1.0, noise=0.0)
    assert torch.isfinite(last.x).all()


@pytest.mark.parametrize("width", [4, 16])  # 16: the compiled step, where there is one
def test_held_pixels_stay_bit_for_bit_and_free_ones_move(width):
    torch.manual_seed(0)
    net, start = EnergyNet(width, 6).requires_grad_(False), torch.rand(3, 1, 56, 56) * 3 - 1.5  # beyond the clamp too
    free = torch.zeros(56, 56)
    free[:, :20] = 1
    settings = {"steps": 6, "step_size": 0.1, "noise": 0.01}
    for step in sgld(net, start, y=torch.arange(3), free=free, **settings):
        assert torch.equal(step.x[..., 20:], start[..., 20:])
        assert (step.x[..., :20] != start[..., :20]).double().mean() > 0.9
        assert torch.allclose(step.energy, net.energy(step.x, torch.arange(3)), atol=1e-5)


def test_a_mask_of_all_ones_changes_nothing_and_each_chain_may_have_its_own():
    x, free = torch.zeros(2, 1, 4, 4), torch.tensor([True, False])[:, None, None, None]
    settings = {"steps": 5, "step_size": 0.1, "noise": 0.3}
    assert torch.equal(
        run(gaussian_energy(1.0), x, free=torch.ones(1), **settings), run(gaussian_energy(1.0), x, **settings)
    )
    moved = run(gaussian_energy(1.0), x, free=free, **settings)
    assert (moved[0] != 0).all() and (moved[1] == 0).all()


def test_free_pixels_have_the_conditional_distribution_given_the_held_ones():
    """Two correlated Gaussian pixels: the free one is AR(1) around rho times the held one."""
    rho, held, step_size, noise, steps = 0.8, 1.5, 0.1, 0.3, 100
    precision = 1 / (1 - rho**2)
    energy = lambda x: precision * (x[:, 0] ** 2 - 2 * rho * x[:, 0] * x[:, 1] + x[:, 1] ** 2) / 2  # noqa: E731
    x = torch.tensor([0.0, held]).repeat(60000, 1)
    end = run(energy, x, steps=steps, step_size=step_size, noise=noise, free=torch.tensor([1, 0]))
    phi = 1 - step_size * precision
    assert (end[:, 1] == held).all()
    assert float(end[:, 0].mean()) == pytest.approx(rho * held * (1 - phi**steps), abs=0.01)
    assert float(end[:, 0].var()) == pytest.approx(noise**2 * (1 - phi ** (2 * steps)) / (1 - phi**2), rel=0.03)


def test_a_mask_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="mask"):
        next(
            sgld(
                gaussian_energy(1.0), torch.zeros(2, 1, 4, 4), steps=1, step_size=1.0, noise=0.0, free=torch.ones(3, 3)
            )
        )


def test_starts_have_the_stated_distributions():
    generator = torch.Generator().manual_seed(0)
    uniform, gaussian = STARTS["uniform"](20, generator), STARTS["gaussian"](20, generator)
    assert (
        uniform.min() >= -1 and uniform.max() <= 1 and float(uniform.std()) == pytest.approx(1 / math.sqrt(3), rel=0.02)
    )
    assert float(gaussian.std()) == pytest.approx(0.01, rel=0.02)


def test_an_empty_buffer_starts_from_noise_then_from_its_own_chains():
    buffer, generator = ReplayBuffer(1, 3, reinit=0.0), torch.Generator().manual_seed(0)
    y = torch.tensor([2, 0])
    start, slots = buffer.draw(y, generator)
    assert float(start.std()) > 0.5 and len(buffer) == 0
    chains = torch.full((2, 1, 56, 56), 0.25)
    buffer.put(slots, chains, 20)
    again, _ = buffer.draw(y, generator)
    assert torch.equal(again, chains) and len(buffer) == 2
    assert slots.tolist() == [2, 0]  # each class has its own slots


def test_unsteered_chains_have_slots_of_their_own_all_of_which_are_used():
    buffer, generator = ReplayBuffer(2, 3, unsteered=4), torch.Generator().manual_seed(0)
    _, slots = buffer.draw(torch.tensor([0, 1, 2] * 20 + [-1] * 60), generator)
    assert set(slots[:60:3].tolist()) == {0, 1} and set(slots[2:60:3].tolist()) == {4, 5}
    assert set(slots[60:].tolist()) == {6, 7, 8, 9}


def test_reinit_is_the_share_of_fresh_starts_and_their_age_starts_anew():
    buffer, generator = ReplayBuffer(0, unsteered=500, reinit=0.2), torch.Generator().manual_seed(0)
    every = torch.arange(500)
    buffer.put(every, torch.zeros(500, 1, 56, 56), 20)
    start, slots = buffer.draw(torch.full((400,), -1), generator)
    fresh = start.flatten(1).std(1) > 0.1
    assert 0.13 < float(fresh.double().mean()) < 0.27
    assert (buffer.steps[slots[fresh]] == 0).all()


def test_a_share_of_fresh_chains_starts_on_blank_paper():
    buffer = ReplayBuffer(0, unsteered=400, reinit=1.0, blank=0.25)
    start, _ = buffer.draw(torch.full((400,), -1), torch.Generator().manual_seed(0))
    on_paper = start.flatten(1).std(1) < 0.1
    assert 0.17 < float(on_paper.double().mean()) < 0.33
    assert float(start[on_paper].min()) >= -1 and float(start[on_paper].max()) < -0.3


def test_fresh_starts_can_be_data():
    buffer = ReplayBuffer(4, 1, reinit=1.0)
    data = torch.rand(3, 1, 56, 56)
    start, _ = buffer.draw(torch.zeros(3, dtype=torch.int64), torch.Generator().manual_seed(0), data)
    assert torch.equal(start, data)


def test_the_buffer_survives_its_state_dict_and_never_grows():
    buffer, other = ReplayBuffer(2, 2), ReplayBuffer(2, 2)
    for _ in range(5):
        _, slots = buffer.draw(torch.tensor([0, 1, 1]), torch.Generator().manual_seed(0))
        buffer.put(slots, torch.rand(3, 1, 56, 56), 10)
    other.load_state_dict(buffer.state_dict())
    assert torch.equal(other.x, buffer.x) and len(other) == len(buffer) <= 4
    with pytest.raises(ValueError, match="slots"):
        ReplayBuffer(3, 2).load_state_dict(buffer.state_dict())


@pytest.mark.parametrize("arguments", [{"reinit": 1.5}, {"start": "stone"}, {"per_class": 0}])
def test_a_wrong_buffer_is_refused(arguments):
    with pytest.raises(ValueError):
        ReplayBuffer(**({"per_class": 2, "classes": 3} | arguments))


def test_of_two_chains_from_one_slot_the_last_is_kept():
    buffer = ReplayBuffer(4, 1)
    x = torch.stack([torch.full((1, 56, 56), float(k)) for k in range(5)])
    buffer.put(torch.tensor([2, 0, 2, 1, 2]), x, 7)
    assert [float(chain.mean()) for chain in buffer.x] == [1, 3, 4, 0]
    assert buffer.steps.tolist() == [7, 7, 7, 0]


def test_a_thread_that_takes_one_state_of_chains_can_still_take_gradients():
    """A generator that stops inside `no_grad` would leave its caller without gradients."""
    states = chains(EnergyNet(4, 3), 2, steps=3, seed=0)
    for _ in range(4):
        next(states)
        assert torch.is_grad_enabled()
