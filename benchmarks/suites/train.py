"""Suite `train`: optimiser steps per second against the notebook's training step, and time to an accuracy."""

import dataclasses
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from safetensors.torch import save_file

from benchmarks.measuring import machine, timing
from benchmarks.measuring.figure import figure
from benchmarks.peers.environments import Worker
from ebm.data.sources import load_corpus
from ebm.training.recipe import recipe

ACCURACY = 0.98
CHECK_EVERY = 25  # steps between two looks at the accuracy
# lane -> library of the step, and whether its process keeps freed memory as `python -m ebm` does
LANES = {"ours": ("ours", True), "notebook": ("notebook", False), "notebook, memory kept": ("notebook", True)}
Say = Callable[[str], None]


def measure(
    *, device: str, threads: int, steps: int, rounds: int, accuracy: bool, preset: str = "cpu",
    say: Say = lambda line: None,
) -> dict[str, Any]:  # fmt: skip
    """Measures interleaved runs of optimiser steps, with a separate process for every lane.

    Args:
        device: "cpu" or "cuda".
        threads: of torch.
        steps: optimiser steps a run.
        rounds: runs of each lane.
        accuracy: whether to train ours to 98 % validation accuracy, which takes minutes.
        preset: a key of `ebm.training.recipe.PRESETS`.
        say: called with a line of text about the next step.

    Returns:
        figures and ratios.

    Raises:
        ValueError: for less than one step, or an unknown preset or device.
    """
    if steps < 1:
        raise ValueError(f"A run needs at least 1 step, not {steps}.")
    machine.check_device(device)
    # Only the second stage, because its step with chains is compared.
    fields = dataclasses.asdict(recipe(preset, match_steps=0))
    corpus = load_corpus("pen", progress=False)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data = Path(folder) / "train.safetensors"
        save_file({"images": corpus.images["train"], "labels": corpus.labels["train"]}, data)
        workers = {
            lane: stack.enter_context(Worker(peer, device=device, threads=threads, keep_memory=keeps))
            for lane, (peer, keeps) in LANES.items()
        }
        for worker in workers.values():
            worker.ask("load_training", data=str(data), recipe=fields)

        def run(worker: Worker) -> Callable[[], float]:
            return lambda: median(worker.ask("train", steps=steps)["seconds"])

        seconds = timing.interleave({lane: run(worker) for lane, worker in workers.items()}, rounds, say)
        found: dict[str, Any] = {"recipe": fields, "seconds_per_step": seconds}
        found["figures"] = [
            figure(f"{lane}: optimiser steps per second", 1 / median(values), "1/s") for lane, values in seconds.items()
        ]
        found["ratios"] = {
            lane: asdict(timing.ratio(values, seconds["ours"])) for lane, values in seconds.items() if lane != "ours"
        }
        if accuracy:
            say(f"time to {ACCURACY:.0%} validation accuracy")
            found |= _time_to_accuracy(workers["ours"], dataclasses.asdict(recipe(preset)), found["figures"])
    return found


def _time_to_accuracy(worker: Worker, fields: dict[str, Any], figures: list[dict[str, Any]]) -> dict[str, Any]:
    """Trains ours with the whole recipe up to the accuracy, and adds the figures."""
    answer = worker.ask("reach", recipe=fields, accuracy=ACCURACY, every=CHECK_EVERY)
    if answer["seconds"] is None:
        failure = f"Training ended at {answer['accuracy']:.2%} validation accuracy, below {ACCURACY:.0%}."
        return {"to_accuracy": answer, "failures": [failure]}
    figures.append(figure(f"ours: time to {ACCURACY:.0%} validation accuracy", answer["seconds"], "s"))
    figures.append(figure(f"ours: steps to {ACCURACY:.0%} validation accuracy", answer["steps"], "steps"))
    return {"to_accuracy": answer}
