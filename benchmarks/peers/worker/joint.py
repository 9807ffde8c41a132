"""The peers' own ways to train a joint energy-based model, with the settings that their documentation gives.

This is imported inside a worker only. Every peer trains the same network on the same glyphs for the same processor
time, and then prints glyphs by its own sampler. The network of all is `PlainNet`, whose weights `ebm.EnergyNet` takes.
"""

import time
from dataclasses import dataclass
from typing import Any

import torch
from learner import drawn, uniform
from net import PlainNet
from notebook import ListBuffer, langevin, train_step
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class ChainSettings:
    """What the peers with a replay buffer have in common.

    Args:
        lr: learning rate of Adam; 1e-4 in the sources, which are for more steps than 45 minutes of one core allow.
        batch: glyphs a step.
        steps: of SGLD in a training step.
        print_steps: of SGLD for a glyph from noise.
        step_size: of SGLD.
        noise: of SGLD, a step.
        grad_clip: largest size of each component of dE/dx.
        slots: of the buffer.
    """

    lr: float = 1e-3
    batch: int = 128
    steps: int = 60
    print_steps: int = 256
    step_size: float = 10.0
    noise: float = 0.005
    grad_clip: float = 0.03
    slots: int = 8192


@dataclass(frozen=True)
class NotebookSettings(ChainSettings):
    """The usual settings of a course notebook on deep energy models; those of `ChainSettings` come first.

    Args:
        alpha: weight of the squared energies.
        norm_clip: largest norm of the weights' gradient.
    """

    alpha: float = 0.1
    norm_clip: float = 0.1


class NotebookJEM:
    """The course notebook's loop with a cross-entropy; arguments as in `learner.Learner`."""

    def __init__(self, net: PlainNet, x: Tensor, y: Tensor, settings: NotebookSettings):
        self.net, self.x, self.y, self.settings = net, x, y, settings
        self.optimizer = torch.optim.Adam(net.parameters(), lr=settings.lr, betas=(0.0, 0.999))
        self.buffer = ListBuffer(settings.slots, tuple(x.shape[1:]))

    def _sampler(self, steps: int) -> dict[str, Any]:
        found = {"step_size": self.settings.step_size, "noise": self.settings.noise}
        return found | {"steps": steps, "grad_clip": self.settings.grad_clip}

    def learn(self, seconds: float) -> dict[str, Any]:
        """As in `learner.Learner`."""
        settings, sampler = self.settings, self._sampler(self.settings.steps)
        end, steps, loss = time.process_time() + seconds, 0, 0.0
        while time.process_time() < end:
            picks = torch.randint(len(self.x), (settings.batch,))
            loss = train_step(
                self.net, self.optimizer, self.buffer, self.x[picks], self.y[picks], sampler=sampler,
                alpha=settings.alpha, data_noise=settings.noise, norm_clip=settings.norm_clip,
            )  # fmt: skip
            steps += 1
        return {"steps": steps, "loss": loss}

    def trained(self) -> PlainNet:
        """As in `learner.Learner`."""
        return self.net

    def draw(self, n: int, labels: Tensor | None) -> Tensor:
        """As in `learner.Learner`."""

        def draw(size: int, wanted: Tensor | None) -> Tensor:
            def energy(x: Tensor) -> Tensor:
                return self.net(x) if wanted is None else -self.net.get_logits(x).gather(1, wanted[:, None])[:, 0]

            return langevin(energy, uniform((size, 1, 56, 56)), **self._sampler(self.settings.print_steps))

        return drawn(n, labels, draw)


@dataclass(frozen=True)
class EbmkitSettings(ChainSettings):
    """The settings of ebmkit's example of a JEM on MNIST (`examples/train_mnist_jem.py` of its source package).

    Args:
        print_steps: as in `ChainSettings`, and so the next two.
        grad_clip: see above.
        slots: see above.
        energy_reg: weight of the squared energies.
        ema: decay of the weights' moving average.
    """

    print_steps: int = 300
    grad_clip: float = 0.01
    slots: int = 10_000
    energy_reg: float = 1.0
    ema: float = 0.999


class EbmkitJEM:
    """ebmkit's `JEMLoss` with chains that a class steers, run by its `Trainer`; arguments as in `learner.Learner`."""

    def __init__(self, net: PlainNet, x: Tensor, y: Tensor, settings: EbmkitSettings):
        from ebm.jem import ClassifierEnergy, JEMLoss

        import ebm

        class Logits(torch.nn.Module):
            def __init__(self, inner: PlainNet):
                super().__init__()
                self.inner = inner

            def forward(self, images: Tensor) -> Tensor:
                return self.inner.get_logits(images)

        self.data, self.settings = (x, y), settings
        kit: Any = ebm  # another package than the `ebm` that the type checker knows
        self.sampler = kit.LangevinDynamics(
            step_size=settings.step_size, noise_scale=settings.noise, grad_clip=settings.grad_clip,
            steps=settings.steps, clamp=(-1, 1),
        )  # fmt: skip
        buffer = kit.ReplayBuffer(settings.slots, tuple(x.shape[1:]), reinit_prob=0.05, init_fn=uniform)
        divergence = kit.ContrastiveDivergence(self.sampler, buffer=buffer, energy_reg=settings.energy_reg)
        self.trainer = kit.Trainer(
            ClassifierEnergy(Logits(net)), JEMLoss(divergence, conditional_negatives=True), lr=settings.lr,
            ema_decay=settings.ema, device="cpu",
        )  # fmt: skip

    def learn(self, seconds: float) -> dict[str, Any]:
        """As in `learner.Learner`."""
        end = time.process_time() + seconds
        while time.process_time() < end:
            self.trainer.fit(self.data, steps=1, batch_size=self.settings.batch, verbose=False)
        return {"steps": self.trainer.step_count, "last": self.trainer.history[-1]}

    def trained(self) -> PlainNet:
        """As in `learner.Learner`: the averaged weights."""
        return self.trainer.ema.module.net.inner

    def draw(self, n: int, labels: Tensor | None) -> Tensor:
        """As in `learner.Learner`."""
        model = self.trainer.ema.module

        def draw(size: int, wanted: Tensor | None) -> Tensor:
            energy = model if wanted is None else model.condition(wanted)
            return self.sampler.sample(energy, uniform((size, 1, 56, 56)), steps=self.settings.print_steps)

        return drawn(n, labels, draw)


@dataclass(frozen=True)
class TorchebmSettings:
    """The settings of torchebm's example of energy matching, and for images those of its documentation.

    Args:
        scale: V(x) = -scale logsumexp_y f(x)[y]. The slope of V is the whole way to the glyph, for which logits would
            have to be in the thousands; ours has the same factor.
        lr: learning rate of Adam; 1e-4 in the source, which is for more steps than 45 minutes of one core allow.
        batch: glyphs a step.
        flow_share: of the processor time for the first phase, in which no chains run. With it the second phase has a
            tenth of the first one's steps, as in the example.
        contrast: weight of the contrastive term in the second phase.
        epsilon_max: temperature of the density.
        langevin_steps: of a chain in training.
        step_size: of all chains.
        duration: of a glyph from noise, in units of the way from noise to a glyph.
    """

    scale: float = 30.0
    lr: float = 1e-3
    batch: int = 128
    flow_share: float = 0.2
    contrast: float = 2.0
    epsilon_max: float = 0.01
    langevin_steps: int = 200
    step_size: float = 0.01
    duration: float = 3.25


class TorchebmMatching:
    """torchebm's `EnergyMatchingLoss` on log q(x) and on f(x)[y] in turn, plus a cross-entropy.

    torchebm has no joint model; the cross-entropy is what a user would add. Arguments as in `learner.Learner`.
    """

    def __init__(self, net: PlainNet, x: Tensor, y: Tensor, settings: TorchebmSettings):
        from torchebm.core import BaseModel
        from torchebm.couplings import SinkhornCoupling
        from torchebm.losses import EnergyMatchingLoss

        class Potential(BaseModel):
            def __init__(self, inner: PlainNet):
                super().__init__()
                self.inner = inner

            def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
                logits = self.inner.get_logits(images)
                f = logits.logsumexp(1) if y is None else logits.gather(1, y[:, None])[:, 0]
                return -settings.scale * f

        self.x, self.y, self.settings = x, y, settings
        self.potential = Potential(net)
        common: dict[str, Any] = {
            "lambda_cd": 0.0, "epsilon_max": settings.epsilon_max, "n_langevin_steps": settings.langevin_steps,
            "langevin_dt": settings.step_size,
        }  # fmt: skip
        # Optimal transport reorders the glyphs of a batch, so with their classes it cannot be used.
        self.marginal = EnergyMatchingLoss(self.potential, coupling=SinkhornCoupling(reg=0.01), **common)
        self.conditional = EnergyMatchingLoss(self.potential, coupling="independent", **common)
        self.optimizer = torch.optim.Adam(self.potential.parameters(), lr=settings.lr)

    def learn(self, seconds: float) -> dict[str, Any]:
        """As in `learner.Learner`."""
        flow = self._phase(seconds * self.settings.flow_share)
        self.marginal.lambda_cd = self.conditional.lambda_cd = self.settings.contrast
        joint = self._phase(seconds * (1 - self.settings.flow_share))
        return {"steps": flow["steps"] + joint["steps"], "flow": flow, "joint": joint}

    def _phase(self, seconds: float) -> dict[str, Any]:
        self.potential.train()
        end, steps, loss, entropy = time.process_time() + seconds, 0, torch.zeros(()), torch.zeros(())
        while time.process_time() < end:
            picks = torch.randint(len(self.x), (self.settings.batch,))
            x, y = self.x[picks], self.y[picks]
            loss = self.conditional(x, y=y) if steps % 2 else self.marginal(x)
            entropy = F.cross_entropy(self.potential.inner.get_logits(x), y)
            self.optimizer.zero_grad()
            (loss + entropy).backward()
            self.optimizer.step()
            steps += 1
        self.potential.eval()
        return {"steps": steps, "loss": float(loss.detach()), "cross_entropy": float(entropy.detach())}

    def trained(self) -> PlainNet:
        """As in `learner.Learner`."""
        return self.potential.inner

    def draw(self, n: int, labels: Tensor | None) -> Tensor:
        """As in `learner.Learner`: one sweep from Gaussian noise, as torchebm's documentation prints images."""
        from torchebm.core import TemperatureScheduler
        from torchebm.samplers import LangevinDynamics

        settings = self.settings
        steps = round(settings.duration / settings.step_size)
        cooling = TemperatureScheduler(settings.epsilon_max, n_steps=steps, t_end=settings.duration)
        sampler = LangevinDynamics(self.potential, step_size=settings.step_size, noise_scale=cooling)

        def draw(size: int, wanted: Tensor | None) -> Tensor:
            return sampler.sample(x=torch.randn(size, 1, 56, 56), n_steps=steps, y=wanted)

        return drawn(n, labels, draw).clamp(-1, 1)


# peer -> how it learns, and its settings
LEARNERS: dict[str, tuple[Any, Any]] = {
    "notebook": (NotebookJEM, NotebookSettings),
    "ebmkit": (EbmkitJEM, EbmkitSettings),
    "torchebm": (TorchebmMatching, TorchebmSettings),
}
