"""A training run as a process of its own, so that tests can kill it or start it several times over.

Called as: python training_process.py JOB.json. Lightning starts the other processes of a run with the same
command. The job names a corpus (`torch.save`d), the recipe, and the arguments of `ebm.training.train.train`.
"""

import json
import sys
from pathlib import Path

import torch

from ebm.data.corpus import Corpus
from ebm.evaluation.export import export
from ebm.training.errors import ProcessLost
from ebm.training.recipe import Recipe
from ebm.training.train import train


def main(job: dict) -> None:
    torch.set_num_threads(1)
    corpus = Corpus(**torch.load(job["corpus"]))
    settings = {"accelerator": "cpu", "progress": False} | job["settings"]
    chosen = Recipe(**job["recipe"])
    trained = train(chosen, corpus=corpus, **settings)
    if trained is not None:
        export(Path(settings["out"]) / f"{chosen.mode.default_name}.safetensors", trained, n=20, resamples=2)


if __name__ == "__main__":
    try:
        main(json.loads(Path(sys.argv[1]).read_text()))
    except ProcessLost as error:
        sys.exit(f"Error: {error}")
