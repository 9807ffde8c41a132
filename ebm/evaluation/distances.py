"""How far apart two sets of feature vectors are; the judge gives the features."""

import warnings

import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

SUBSETS, SUBSET_SIZE = 50, 500  # of the kernel distance


class _AsTheyAre(nn.Identity):
    """Makes torchmetrics use its input as features."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """The squared Frechet distance between Gaussians fitted to two sets of features (Heusel et al. 2017).

    Args:
        real: features (N, D).
        fake: features (M, D). The estimate is biased upwards, more so for few vectors. So distances are comparable
            only for the same N and M.

    Returns:
        the distance.
    """
    metric = FrechetInceptionDistance(_AsTheyAre(real.shape[1])).set_dtype(torch.float64)
    metric.update(real.double(), real=True)
    metric.update(fake.double(), real=False)
    return float(metric.compute())


def kernel_distance(real: Tensor, fake: Tensor, seed: int = 0) -> tuple[float, float]:
    """The squared maximum mean discrepancy under a cubic kernel, unbiased (Binkowski et al. 2018).

    Args:
        real: features (N, D).
        fake: features (M, D).
        seed: of the 50 subsets of 500 vectors.

    Returns:
        mean and standard deviation over the subsets.
    """
    size = min(SUBSET_SIZE, len(real), len(fake))
    with torch.random.fork_rng(devices=[]):  # torchmetrics draws its subsets from the global stream
        torch.manual_seed(seed)
        with warnings.catch_warnings():  # it warns that it keeps the features, which it was given to keep
            warnings.simplefilter("ignore", UserWarning)
            metric = KernelInceptionDistance(_AsTheyAre(real.shape[1]), subsets=SUBSETS, subset_size=size)
        metric.update(real.double(), real=True)
        metric.update(fake.double(), real=False)
        mean, spread = metric.compute()
    return float(mean), float(spread)


def density_coverage(real: Tensor, fake: Tensor, k: int = 5) -> tuple[float, float]:
    """Whether samples are near real vectors (density), and near all of them (coverage).

    Source: Naeem et al. 2020, Eqs. 4, 5.

    Args:
        real: features (N, D), N > k.
        fake: features (M, D).
        k: the ball around a real vector reaches to its k-th neighbour.

    Returns:
        density, the mean number of balls around a sample over k, which is about 1 for samples of the same
        distribution; and coverage, the share of balls that contain a sample, in [0, 1].
    """
    near = NearestNeighbors().fit(real.numpy())
    radius = torch.from_numpy(near.kneighbors(n_neighbors=k)[0][:, -1])  # leaves out the vector itself
    inside = torch.cdist(real.double(), fake.double()) <= radius[:, None]  # (N, M)
    return float(inside.double().sum() / (k * len(fake))), float(inside.any(1).double().mean())


def nearest(x: Tensor, reference: Tensor) -> Tensor:
    """The distance of each x to its nearest neighbour in a reference, as root mean square over the pixels.

    Args:
        x: (N, ...).
        reference: (M, ...).

    Returns:
        (N,).
    """
    flat, known = x.flatten(1), reference.flatten(1)
    smallest = torch.cat([torch.cdist(part, known).amin(1) for part in flat.split(256)])
    return smallest / flat.shape[1] ** 0.5
