"""A worker: python benchmarks/peers/worker PEER '{"device": ..., "threads": ..., "keep_memory": ...}'.

It reads requests from standard input, one JSON object a line, and answers each with one JSON object a line. It is
started as a folder and not as a module, so that a peer that has another `ebm` does not import the project's own.
"""

import json
import os
import runpy
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from net import PlainNet
from safetensors.torch import load_file, save_file
from samplers import SAMPLERS, Drift

SHAPE = (1, 56, 56)
LONG_RUN = 3.0  # seconds
ROOT = Path(__file__).resolve().parents[3]


class Worker:
    """One sampler on one network at a time, and one training run of each kind.

    Args:
        peer: a key of `SAMPLERS`.
        device: "cpu" or "cuda".
    """

    def __init__(self, peer: str, device: str):
        self.peer, self.device = peer, device
        self.net = PlainNet(1, 1, "flat")
        self.ways: dict[str, Any] = {}
        self.way = ""
        self.train_steps: Callable[[int], list[float]] | None = None
        self.learner: Any = None

    def load(self, weights: str, shape: dict[str, Any]) -> dict[str, Any]:
        """Loads the weights of a safetensors file; the sampler has its defaults until `choose`.

        Args:
            weights: path of the file.
            shape: arguments of the network.

        Returns:
            an empty answer.
        """
        self.net = PlainNet(**shape)
        self.net.load_state_dict(load_file(weights))
        self.net.to(self.device).eval()
        self.ways = SAMPLERS[self.peer](self.net, shape, self.device)
        self.way = next(iter(self.ways))
        return {}

    def use(self, way: str) -> dict[str, Any]:
        """Settles on a way by its name."""
        if way not in self.ways:
            raise ValueError(f"{self.peer} has no way {way!r}; it has: {', '.join(self.ways)}.")
        self.way = way
        return {"way": way}

    def choose(self, batch: int, steps: int, drift: dict[str, Any]) -> dict[str, Any]:
        """Settles on a peer's fastest way for this batch; ours is at its best as it is called by default.

        The first run of a way warms up, the best of three more counts; a run of many seconds counts by itself.
        """
        if "default" in self.ways:
            self.way = "default"
            return {"way": self.way, "seconds": {}}
        seconds = {}
        for name in self.ways:
            self.way = name
            seconds[name] = self.run(batch, steps, drift, 0)["seconds"]
            if seconds[name] < LONG_RUN:
                seconds[name] = min(self.run(batch, steps, drift, seed)["seconds"] for seed in range(1, 4))
        self.way = min(seconds, key=lambda name: seconds[name])
        return {"way": self.way, "seconds": seconds}

    def run(self, batch: int, steps: int, drift: dict[str, Any], seed: int) -> dict[str, Any]:
        """Seconds of a batch of chains from uniform noise.

        Args:
            batch: number of chains.
            steps: of the sampler.
            drift: fields of `Drift`.
            seed: of the noise.

        Returns:
            the seconds.
        """
        x = torch.rand((batch, *SHAPE), generator=torch.Generator().manual_seed(seed)).mul(2).sub(1).to(self.device)
        self._wait()
        started = time.perf_counter()
        self.ways[self.way](x, steps, Drift(**drift), seed)
        self._wait()
        return {"seconds": time.perf_counter() - started}

    def energies(self, starts: str, batch: int, steps: int, drift: dict[str, Any], seed: int) -> dict[str, Any]:
        """Energies of chains after some steps, computed by the plain network in float32.

        Args:
            starts: path of a safetensors file with the starts.
            batch: chains at once.
            steps: of the sampler.
            drift: fields of `Drift`.
            seed: of the noise.

        Returns:
            the energies.
        """
        found: list[float] = []
        for k, x in enumerate(load_file(starts)["x"].split(batch)):
            last = self.ways[self.way](x.to(self.device), steps, Drift(**drift), seed + k)
            with torch.no_grad():
                found += self.net(last.float()).tolist()
        return {"energies": found}

    def load_training(self, data: str, recipe: dict[str, Any]) -> dict[str, Any]:
        """Prepares a training run on the images and labels of a safetensors file."""
        import training

        self.train_steps = training.RUNS[self.peer](load_file(data), recipe, self.device)
        return {}

    def train(self, steps: int) -> dict[str, Any]:
        """Seconds of each of some further optimiser steps."""
        assert self.train_steps is not None, "load_training comes first"
        return {"seconds": self.train_steps(steps)}

    def reach(self, recipe: dict[str, Any], accuracy: float, every: int) -> dict[str, Any]:
        """Seconds and steps of our training until a validation accuracy is reached.

        Args:
            recipe: its fields.
            accuracy: in [0, 1].
            every: steps between two measurements of the accuracy.

        Returns:
            seconds, steps and the accuracy.
        """
        import training

        return training.reach(recipe, accuracy, every, self.device)

    def learn(
        self, data: str, shape: dict[str, Any], settings: dict[str, Any], seconds: float, seed: int, weights: str
    ) -> dict[str, Any]:
        """Trains a joint model the peer's own way, and writes its weights.

        Args:
            data: path of a safetensors file with images (N, 56, 56) in bytes, and labels (N,).
            shape: arguments of the network.
            settings: of the peer, where they differ from its documentation's.
            seconds: of processor time.
            seed: of everything random.
            weights: path of the file that is written.

        Returns:
            the settings, and what the peer's learner reports.
        """
        import joint

        torch.manual_seed(seed)
        split = load_file(data)
        x = split["images"].float().div(127.5).sub(1)[:, None]
        learner, kind = joint.LEARNERS[self.peer]
        chosen = kind(**settings)
        self.learner = learner(PlainNet(**shape), x, split["labels"], chosen)
        report = self.learner.learn(seconds) | {"settings": asdict(chosen)}
        save_file({name: value.contiguous() for name, value in self.learner.trained().state_dict().items()}, weights)
        return report

    def draw(self, n: int, labels: list[int] | None, glyphs: str) -> dict[str, Any]:
        """Prints glyphs of the wanted classes, or of log q(x), into a safetensors file."""
        wanted = None if labels is None else torch.tensor(labels)
        save_file({"glyphs": self.learner.draw(n, wanted).detach().contiguous()}, glyphs)
        return {}

    def _wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def main() -> None:
    """Answers requests until the input ends. Output of libraries goes to the error stream, never into the answers."""
    peer, settings = sys.argv[1], json.loads(sys.argv[2])
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if settings["keep_memory"]:  # the file itself, since `import ebm` may be another package here
        runpy.run_path(str(ROOT / "ebm" / "system" / "malloc.py"))["keep_freed_memory"]()
    torch.set_num_threads(settings["threads"])
    worker = Worker(peer, settings["device"])
    verbs: dict[str, Callable[..., dict[str, Any]]] = {
        "load": worker.load, "use": worker.use, "choose": worker.choose, "run": worker.run, "energies": worker.energies,
        "load_training": worker.load_training, "train": worker.train, "reach": worker.reach,
        "learn": worker.learn, "draw": worker.draw,
    }  # fmt: skip
    for line in sys.stdin:
        wish = json.loads(line)
        try:
            answer = verbs[wish.pop("do")](**wish)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
