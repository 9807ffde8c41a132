"""Sampling: Langevin dynamics, where chains start, and the replay buffer."""

from ebm.sampling.chains import chains
from ebm.sampling.langevin import Step, sgld
from ebm.sampling.replay_buffer import ReplayBuffer
from ebm.sampling.sampler import Sampler
from ebm.sampling.starts import STARTS

__all__ = ["STARTS", "ReplayBuffer", "Sampler", "Step", "chains", "sgld"]
