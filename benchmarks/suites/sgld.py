"""Suite `sgld`: image-steps per second of `ebm.sgld` and every peer, and whether their distributions agree."""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import ebm
from benchmarks.measuring import machine, timing
from benchmarks.measuring.floor import step_floor, step_multiply_adds
from benchmarks.peers.environments import ROOT, Worker, installed, missing

BATCHES, WIDTHS, MODES, PEERS = (1, 16, 64, 256, 1024), (16, 32, 64), ("equal", "best"), (
    "notebook", "torchebm", "ebmkit",
)  # fmt: skip
CANNOT_CLIP = {"torchebm"}
CHECKPOINT = ROOT / "checkpoints" / "jem.safetensors"
FEWEST_STEPS, MOST_STEPS, FEWEST_ROUNDS = 4, 100, 3  # steps a run
CHECK_STEPS, CHECK_BATCH = 20, 64
STEEPER = 10.0
# With 1,024 chains an error of a tenth in step size, noise or clip gives a z of about 4 (tried).
DRIFT = {"step_size": 0.5, "noise": 0.05}
CLIP = 0.02
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is measured: sizes, modes, peers, and how thoroughly.

    Args:
        batches: numbers of chains.
        widths: of the network.
        modes: "equal" runs every library with its defaults, in float32, ours with freed memory kept as in
            `python -m ebm`; "best" runs each in its fastest way without rewriting it, with freed memory kept for all.
        peers: names of the other libraries.
        device: "cpu" or "cuda".
        threads: of torch.
        seconds: approximate length of one run of the slowest library of a size.
        rounds: interleaved runs of each. There are fewer, but at least 3, if the shortest run takes longer than that.
        warm_up: seconds of runs that are not counted; use more while `ebm.sgld` compiles in the background.
        chains: of the check of the distribution at width 16; there are fewer for wider networks, which are steeper.
        ways: peer -> the way it is run in mode "best", where it is not to be found by timing.
    """

    batches: tuple[int, ...] = BATCHES
    widths: tuple[int, ...] = WIDTHS
    modes: tuple[str, ...] = MODES
    peers: tuple[str, ...] = PEERS
    device: str = "cpu"
    threads: int = 1
    seconds: float = 1.0
    rounds: int = 7
    warm_up: float = 1.0
    chains: int = 1024
    ways: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self):
        if not self.batches or not self.widths or min(*self.batches, *self.widths, self.threads, self.rounds) < 1:
            raise ValueError("Batches, widths, threads and rounds must be at least 1.")
        if self.chains < 2 or not self.seconds > 0 or not 0 <= self.warm_up < math.inf:
            raise ValueError("The check needs at least 2 chains, a run more than 0 seconds, a warm-up at least 0.")
        if unknown := sorted(set(self.modes) - set(MODES)):
            raise ValueError(f"The mode is equal or best, not {unknown[0]!r}.")
        machine.check_device(self.device)


@dataclass
class Report:
    """The results of the suite.

    Args:
        limits: of the machine.
        rows: one for each size and mode.
        distribution: one check of the distribution for each peer, width and mode.
        versions: of the peers.
        left_out: why peers were left out.
    """

    limits: machine.Limits
    rows: list[dict[str, Any]] = field(default_factory=list)
    distribution: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str | None] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """A sentence for each peer whose energies differ from ours."""
        return [
            f"{check['peer']} and ebm.sgld do not sample from the same distribution "
            f"(width {check['width']}, {check['mode']}): "
            f"mean energies {check['peers']} and {check['ours']}, z = {check['z']} (up to {timing.MAX_Z:g} is chance)."
            for check in self.distribution
            if check["z"] is None or abs(check["z"]) > timing.MAX_Z
        ]


def measure(plan: Plan, say: Say = lambda line: None) -> Report:
    """Runs the whole plan, with a separate process for every peer, one at a time.

    Args:
        plan: what is measured.
        say: called with a line of text about the next step.

    Returns:
        the results.
    """
    say("machine")
    report = Report(machine.limits(plan.device, plan.threads))
    report.left_out = [sentence for peer in plan.peers if (sentence := missing(peer))]
    peers = [peer for peer in plan.peers if not missing(peer)]
    report.versions = {peer: installed(peer) for peer in peers}
    with tempfile.TemporaryDirectory() as folder:
        for mode in plan.modes:
            with _workers(["ours", *peers], plan, mode) as workers:
                for width in plan.widths:
                    shape = {"width": width, "outputs": 42, "head": "flat"}
                    weights = Path(folder) / f"{width}.safetensors"
                    save_file(network(width).state_dict(), weights)
                    for worker in workers.values():
                        worker.ask("load", weights=str(weights), shape=shape)
                    for batch in plan.batches:
                        say(f"{mode}, width {width}, batch {batch}")
                        report.rows.append(_row(plan, mode, width, batch, workers, report.limits))
                    say(f"{mode}, width {width}: the same distribution?")
                    report.distribution += _check_distribution(
                        plan, mode, width, workers, Path(folder) / "starts.safetensors"
                    )
    return report


def network(width: int) -> ebm.EnergyNet:
    """The shipped model, if it has the wanted width, or one with He's initialisation and a head ten times as steep.

    Its energies are then as steep as those of the shipped model. On a flat surface all drifts would agree.

    Args:
        width: of the network.

    Returns:
        the network.
    """
    if CHECKPOINT.exists():
        model, card = ebm.load(CHECKPOINT)
        if card.architecture == {"width": width, "outputs": 42, "head": "flat"}:
            return model
    model, generator = ebm.EnergyNet(width), torch.Generator().manual_seed(0)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, generator=generator)
            if isinstance(layer, nn.Linear):
                layer.weight.data.mul_(STEEPER)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
    return model


@contextmanager
def _workers(peers: list[str], plan: Plan, mode: str) -> Iterator[dict[str, Worker]]:
    with ExitStack() as stack:
        yield {
            peer: stack.enter_context(
                Worker(
                    peer, device=plan.device, threads=plan.threads, keep_memory=peer == "ours" or mode == "best"
                )
            )
            for peer in peers
        }  # fmt: skip


def _row(
    plan: Plan, mode: str, width: int, batch: int, workers: dict[str, Worker], limits: machine.Limits
) -> dict[str, Any]:
    """Runs one size in turns: seconds a step, image-steps per second, ratios to ours, share of the floor."""
    ways = _settle(plan, mode, batch, workers)
    clips = {bool(_clip(peer)) for peer in workers if peer != "ours"} or {True}
    lanes = {peer: (worker, _clip(peer)) for peer, worker in workers.items() if peer != "ours"}
    lanes |= {_ours(clip): (workers["ours"], CLIP if clip else None) for clip in sorted(clips)}
    slowest = max(_warm_up(worker, batch, clip, plan.warm_up) for worker, clip in lanes.values())
    steps = min(MOST_STEPS, max(FEWEST_STEPS, round(plan.seconds / slowest * FEWEST_STEPS)))
    rounds = min(plan.rounds, max(FEWEST_ROUNDS, round(plan.rounds * plan.seconds / slowest)))
    seeds = iter(range(10**9))

    def run(worker: Worker, clip: float | None) -> Callable[[], float]:
        return lambda: worker.ask("run", **_wish(batch, steps, clip, next(seeds)))["seconds"] / steps

    seconds = timing.interleave({name: run(*lane) for name, lane in lanes.items()}, rounds)
    ours = next(seconds[_ours(clip)] for clip in sorted(clips, reverse=True))
    row: dict[str, Any] = {"mode": mode, "width": width, "batch": batch, "steps": steps}
    row |= {"rounds": rounds, "ways": ways}
    row["ms_per_step"] = {name: 1e3 * median(values) for name, values in seconds.items()}
    row["image_steps_per_second"] = {name: batch / median(values) for name, values in seconds.items()}
    row["ratios"] = {
        peer: asdict(timing.ratio(seconds[peer], seconds[_ours(bool(_clip(peer)))]))
        for peer in workers
        if peer != "ours"
    }
    return row | {"floor": _floor(limits, batch, width, median(ours))}


def _warm_up(worker: Worker, batch: int, clip: float | None, seconds: float) -> float:
    """Runs a few steps until enough seconds have passed; returns the seconds of the last run."""
    passed = last = 0.0
    while passed < seconds or not last:
        last = worker.ask("run", **_wish(batch, FEWEST_STEPS, clip, 0))["seconds"]
        passed += last
    return last


def _settle(plan: Plan, mode: str, batch: int, workers: dict[str, Worker]) -> dict[str, str]:
    """Chooses how each is run: with its defaults, in the way that the plan names, or in the fastest for this batch."""
    if mode == "equal":
        return {peer: "float32" if peer == "ours" else "as it comes" for peer in workers}
    chosen = {}
    for peer, worker in workers.items():
        if peer in plan.ways:
            chosen[peer] = worker.ask("use", way=plan.ways[peer])["way"]
            continue
        steps = FEWEST_STEPS * max(1, 64 // batch)  # with shorter runs the choice would be random
        answer = worker.ask("choose", batch=batch, steps=steps, drift=DRIFT | {"grad_clip": _clip(peer)})
        chosen[peer] = answer["way"]
    return chosen


def _clip(peer: str) -> float | None:
    """The clip of the gradient in the comparison with a peer: none for both if the peer cannot clip."""
    return None if peer in CANNOT_CLIP else CLIP


def _ours(clip: bool) -> str:
    return "ours" if clip else "ours, unclipped"


def _wish(batch: int, steps: int, clip: float | None, seed: int) -> dict[str, Any]:
    return {"batch": batch, "steps": steps, "drift": DRIFT | {"grad_clip": clip}, "seed": seed}


def _floor(limits: machine.Limits, batch: int, width: int, seconds: float) -> dict[str, Any]:
    """Least milliseconds of a step for each measured dtype, and the shares that ours reaches."""
    found: dict[str, Any] = {"multiply_adds": batch * step_multiply_adds(width)}
    for dtype in limits.multiply_adds:
        floor = step_floor(limits, batch, width, dtype)
        found[dtype] = {
            "arithmetic_ms": 1e3 * floor.arithmetic, "memory_ms": 1e3 * floor.memory,
            "share_of_arithmetic": floor.arithmetic / seconds, "share_of_memory": floor.memory / seconds,
        }  # fmt: skip
    return found


def _check_distribution(
    plan: Plan, mode: str, width: int, workers: dict[str, Worker], path: Path
) -> list[dict[str, Any]]:
    """The mean energy of many chains from the same starts, with independent noise: ours against each peer's."""
    chains = min(plan.chains, max(CHECK_BATCH, plan.chains * 16**2 // width**2))
    save_file({"x": starts(chains)}, path)
    batch = min(CHECK_BATCH, chains)
    wish = {"starts": str(path), "batch": batch, "steps": CHECK_STEPS}
    ours: dict[float | None, list[float]] = {}
    checks = []
    for k, peer in enumerate(peer for peer in workers if peer != "ours"):
        clip = _clip(peer)
        drift = DRIFT | {"grad_clip": clip}
        if clip not in ours:
            ours[clip] = workers["ours"].ask("energies", **wish, drift=drift, seed=1)["energies"]
        theirs = workers[peer].ask("energies", **wish, drift=drift, seed=10**6 * (k + 1))["energies"]
        z = timing.z_score(ours[clip], theirs)
        checks.append(
            {"mode": mode, "width": width, "peer": peer, "chains": chains, "clipped": clip is not None,
             "ours": _finite(mean(ours[clip])), "peers": _finite(mean(theirs)), "z": _finite(z)}
        )  # fmt: skip
    return checks


def starts(chains: int) -> Tensor:
    """The starts of the chains of the check: uniform noise (N, 1, 56, 56)."""
    return torch.rand((chains, 1, 56, 56), generator=torch.Generator().manual_seed(0)) * 2 - 1


def _finite(value: float) -> float | None:
    """The value, or None for a value that JSON cannot hold."""
    return value if math.isfinite(value) else None
