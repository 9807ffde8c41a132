"""The losses of the joint energy-based model: matching first, then also contrastive loss, L2 and cross-entropy."""

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import functional as F

from ebm.model.energy import EnergyNet
from ebm.sampling.starts import STARTS
from ebm.training.jitter import jitter
from ebm.training.matching import Matched, cross_entropy_on_lines, matching_loss
from ebm.training.recipe import Recipe
from ebm.training.trouble import signs_of


class JointLosses(pl.LightningModule):
    """The steps of exercise 3.4, and the two stages that are made of them.

    They read no value on the host, so that a GPU can record them.

    Attributes:
        net: the network.
        recipe: the hyper-parameters.
        random: on the network's device.
        values: scalars that the last step measured.
    """

    net: EnergyNet
    recipe: Recipe
    random: torch.Generator | None
    values: dict[str, Tensor]

    def px_step(self, x: Tensor, y: Tensor, fake: Tensor) -> Tensor:
        """The generative loss, Eqs. 3 and 4 with the L2 of Sec. 4.2 (Du & Mordatch 2019).

        Args:
            x: real glyphs (N, 1, 56, 56) in [-1, 1], with a little noise.
            y: their classes (N,).
            fake: samples (N, 1, 56, 56), as `negatives` gives them.

        Returns:
            the scalar mean f(fake) - mean f(real) + alpha * mean(f(real)^2 + f(fake)^2).
        """
        f_real, f_fake = self.net(torch.cat([x, fake]), self._labels(torch.cat([y, y]))).chunk(2)
        l2 = (f_real**2 + f_fake**2).mean()
        gap = f_real.mean() - f_fake.mean()
        self._keep(f_real=f_real.mean(), f_fake=f_fake.mean(), l2=l2)
        self._keep(**signs_of(f_real.detach(), f_fake.detach(), fake)._asdict())
        return self.recipe.alpha * l2 - gap

    def pyx_step(self, x: Tensor, y: Tensor) -> Tensor:
        """The predictive loss, Eq. 6: the cross-entropy of the logits of jittered glyphs.

        Args:
            x: real glyphs (N, 1, 56, 56) in [-1, 1].
            y: their classes (N,).

        Returns:
            a scalar.
        """
        assert self.random is not None
        if self.recipe.jitter:
            x = jitter(x, self.random, self.recipe.jitter)
        cross_entropy = F.cross_entropy(self.net.get_logits(x), y)
        self._keep(cross_entropy=cross_entropy)
        return cross_entropy

    def matching_step(self, x: Tensor, y: Tensor) -> Tensor:
        """The matching loss, and the cross-entropy of the glyphs on the lines, weighted by their share of glyph.

        Args:
            x: real glyphs (N, 1, 56, 56) in [-1, 1].
            y: their classes (N,).

        Returns:
            a scalar.
        """
        assert self.random is not None
        noise = STARTS[self.recipe.start](len(x), self.random)
        share = torch.rand(len(x), generator=self.random, device=x.device)
        steering = y if self.net.outputs > 1 else None
        matched = matching_loss(self.net, x, noise, share, scale=self.recipe.match_scale, y=steering)
        self._keep(matching=matched.loss)
        return self.recipe.match_weight * matched.loss + self.recipe.noisy_ce * self._noisy_cross_entropy(matched, y)

    def first_stage(self, x: Tensor, y: Tensor) -> Tensor:
        """Matching and classification: f learns the way from noise and stays near 0 at glyphs.

        Args:
            x: real glyphs (N, 1, 56, 56) in [-1, 1].
            y: their classes (N,).

        Returns:
            a scalar.
        """
        r = self.recipe
        if not r.mode.has_chains:
            return self.pyx_step(x, y)
        loss = self.matching_step(x, y) + r.match_l2 * (self.net(x, self._labels(y)) ** 2).mean()
        return loss + r.match_ce * self.pyx_step(x, y) if self.net.outputs > 1 else loss

    def second_stage(self, x: Tensor, y: Tensor, fake: Tensor | None = None) -> Tensor:
        """Eq. 7, the joint model, in addition to matching.

        Args:
            x: real glyphs (N, 1, 56, 56) in [-1, 1].
            y: their classes (N,).
            fake: samples (N, 1, 56, 56); None in a mode without chains.

        Returns:
            a scalar.
        """
        r = self.recipe
        noisy = x + r.data_noise * torch.empty_like(x).normal_(generator=self.random)
        loss = torch.zeros((), device=self.device)
        if self.net.outputs > 1:
            loss = loss + r.ce_weight * self.pyx_step(noisy, y)
        if fake is None:
            return loss
        return loss + self.px_step(noisy, y, fake) + self.matching_step(x, y)

    def _labels(self, y: Tensor) -> Tensor | None:
        """The classes whose logit is f, if f is a logit in this mode."""
        return y if self.recipe.mode.contrasts_the_logit else None

    def _noisy_cross_entropy(self, matched: Matched, y: Tensor) -> Tensor:
        """The cross-entropy on the lines, weighted by each glyph's share of glyph; 0 where there are no classes."""
        if self.net.outputs == 1:
            return torch.zeros((), device=self.device)
        return cross_entropy_on_lines(matched, y)

    def _keep(self, **values: Tensor) -> None:
        """Keeps scalars of a step, to be logged or looked at after it."""
        self.values |= {name: value.detach() for name, value in values.items()}
