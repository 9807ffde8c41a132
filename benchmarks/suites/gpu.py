"""Suite `gpu`: what a machine with a GPU is asked once, in one command of at most nine minutes.

The sampler against its peers, the rate of scoring in bulk against the network alone, and a training with the preset
`gpu` for the time that is left.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import ebm
from benchmarks.measuring import machine, timing
from benchmarks.measuring.figure import figure
from benchmarks.peers.environments import ROOT
from benchmarks.suites import sgld
from ebm.checkpoint.files import load_card
from ebm.data.picture.grid import to_image
from ebm.data.synthetic.pen_corpus import unseen_founts
from ebm.model.energy import in_batches
from ebm.system.places import DEFAULT_CHECKPOINT

SPEEDUP_TARGETS = {64: 20.0, 1024: 6.0}  # batch -> how many times the notebook's rate is aimed at
FLOOR = 0.6  # share of the arithmetic floor that is aimed at
TRAINING_SECONDS = 300.0  # seconds of a training that is aimed at
ACCURACY = 0.995  # of the test split, that is aimed at
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Args:
        device: "cuda"; "cpu" tries the suite itself.
        threads: of torch.
        minutes: for everything together; training gets what the rest leaves, and at least a third.
        batches: numbers of chains.
        peers: names of the other libraries; those that are not installed are left out.
        files: pictures that are scored in bulk.
        glyphs: that the network alone scores.
        recipe: options of the training, beyond the preset `gpu`.
        out: folder that the trained checkpoint is kept in; None = it is not kept.
    """

    device: str = "cuda"
    threads: int = 1
    minutes: float = 9.0
    batches: tuple[int, ...] = (64, 1024)
    peers: tuple[str, ...] = sgld.PEERS
    files: int = 4000
    glyphs: int = 20_000
    recipe: tuple[str, ...] = ()
    out: str | None = None

    def __post_init__(self) -> None:
        if not self.minutes > 0 or min(self.files, self.glyphs) < 1:
            raise ValueError("Minutes must be above 0, files and glyphs at least 1.")
        machine.check_device(self.device)


def measure(plan: Plan, say: Say = lambda line: None) -> dict[str, Any]:
    """Runs the whole plan.

    Args:
        plan: what is measured.
        say: called with a line of text about the next step.

    Returns:
        figures, and the report of the sampler.
    """
    began = time.perf_counter()
    sampler = sgld.measure(
        sgld.Plan(
            batches=plan.batches, widths=(16,), modes=("best",), peers=plan.peers, device=plan.device,
            threads=plan.threads, seconds=0.5, rounds=3, warm_up=2.0,
            chains=256,
        ),
        say,
    )  # fmt: skip
    figures = [entry for row in sampler.rows for entry in of_sampler(row)]
    with tempfile.TemporaryDirectory() as folder:
        say("scoring in bulk")
        figures += bulk(plan, Path(folder))
        say("training with the preset gpu")
        left = max(60 * plan.minutes - (time.perf_counter() - began), 20 * plan.minutes)
        figures += training(plan, Path(folder), left)
    return {
        "plan": asdict(plan), "figures": figures, "sgld": asdict(sampler), "left_out": sampler.left_out,
        "failures": sampler.failures,
    }  # fmt: skip


def of_sampler(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The figures of one size of the sampler."""
    size, target = f"SGLD, {row['batch']} chains", SPEEDUP_TARGETS.get(row["batch"])
    found = [figure(f"{size}: image-steps per second", row["image_steps_per_second"]["ours"], "1/s")]
    found += [
        figure(f"{size}: times as fast as {peer}", ratio["median"], "", at_least=target if peer == "notebook" else None)
        for peer, ratio in row["ratios"].items()
    ]
    shares = [floor["share_of_arithmetic"] for floor in row["floor"].values() if isinstance(floor, dict)]
    if shares:
        found.append(figure(f"{size}: share of the arithmetic floor", max(shares), "", at_least=FLOOR))
    return found


def bulk(plan: Plan, folder: Path) -> list[dict[str, Any]]:
    """Glyphs per second of `ebm score` on files, and of the network alone."""
    x, _ = unseen_founts(min(plan.files, 200))
    pictures = folder / "pictures"
    pictures.mkdir()
    made = [to_image(glyph[None], gap=0) for glyph in x]
    for k in range(plan.files):
        made[k % len(made)].save(pictures / f"{k:06}.png")
    began = time.perf_counter()
    _run("score", str(pictures), "--out", str(folder / "scores.parquet"), *_on(plan))
    seconds = time.perf_counter() - began
    model, _ = ebm.load(DEFAULT_CHECKPOINT, device=plan.device)
    many = x.repeat(-(-plan.glyphs // len(x)), 1, 1, 1)[: plan.glyphs]
    alone = [timing.timed(lambda: in_batches(model, model.get_logits, many))() for _ in range(4)][1:]
    return [
        figure("bulk: files per second, start included", plan.files / seconds, "1/s"),
        figure("the network alone: glyphs per second", plan.glyphs / median(alone), "1/s"),
    ]


def training(plan: Plan, folder: Path, seconds: float) -> list[dict[str, Any]]:
    """A training with the preset `gpu`: its seconds and what came of it, or how far it came in the time."""
    out = Path(plan.out) if plan.out is not None else folder
    command = ["train", "--preset", "gpu", "--name", "jem-gpu", "--out", str(out), "--runs", str(folder / "runs")]
    began = time.perf_counter()
    try:
        _run(*command, *plan.recipe, *_on(plan), limit=seconds)
    except subprocess.TimeoutExpired:
        return [figure("training with the preset gpu: seconds, not finished", seconds, "s")]
    card = load_card(out / "jem-gpu.safetensors")
    took, metrics = card.made_with["training_seconds"], card.metrics
    found = [figure("training with the preset gpu: seconds", took, "s", at_most=TRAINING_SECONDS)]
    found.append(figure("the same with data, start and measuring", time.perf_counter() - began, "s"))
    found.append(figure("training with the preset gpu: test accuracy", metrics["accuracy"], "", at_least=ACCURACY))
    near = metrics["ood"].get("other script")
    if near:
        found.append(figure("training with the preset gpu: AUROC of the other script", near["energy"]["auroc"], ""))
    return found


def _on(plan: Plan) -> list[str]:
    return ["--accelerator", "gpu" if plan.device == "cuda" else "cpu"]


def _run(*command: str, limit: float | None = None) -> None:
    """Runs a command of `python -m ebm`.

    Raises:
        ValueError: with the last lines of what it said, where it fails.
        subprocess.TimeoutExpired: after `limit` seconds.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "ebm", *command], capture_output=True, text=True, timeout=limit, env=environment
    )
    if done.returncode:
        raise ValueError(f"`ebm {command[0]}` failed: {done.stderr[-600:].strip()}")
