"""A training run as a process of its own, so that tests can kill it or start it several times over.

Called as: python training_process.py JOB.json. Lightning starts the other processes of a run with the same
command. The job names a corpus (`torch.save`d), the recipe, the arguments of `ebm.training.train.train`, and the rank
of a process that is to be lost once a state has been kept. What made the network is written beside the job.
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
from helpers.forked import end_once_there_is

from ebm.data.corpus import Corpus
from ebm.training.errors import ProcessLost
from ebm.training.recipe import Recipe
from ebm.training.train import train

STATE = "runs/*/last.ckpt"  # that a run keeps, in its folder


def main(job: dict, folder: Path) -> None:
    torch.set_num_threads(1)
    if job.get("lost") == int(os.environ.get("LOCAL_RANK", 0)):
        end_once_there_is(folder, STATE, signal.SIGKILL)
    corpus = Corpus(**torch.load(job["corpus"]))
    settings = {"accelerator": "cpu", "progress": False, "reader_steps": 2} | job["settings"]
    chosen = Recipe(**job["recipe"])
    trained = train(chosen, corpus=corpus, **settings)
    if trained is not None:
        (folder / "made.json").write_text(json.dumps(trained.made))


if __name__ == "__main__":
    try:
        main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[1]).parent)
    except ProcessLost as error:
        sys.exit(f"Error: {error}")
