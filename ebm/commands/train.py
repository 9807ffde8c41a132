"""python -m ebm train."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ebm.commands.options import Data, Founts
from ebm.model.mode import Mode
from ebm.training.recipe import FIXED, PRESETS, Recipe, recipe


def train_command(
    preset: Annotated[
        str | None, typer.Option(help=f"{' or '.join(PRESETS)}; by default gpu where there is one.")
    ] = None,
    data: Data = "pen",
    founts: Founts = None,
    mode: Annotated[str | None, typer.Option(help=f"{', '.join(Mode)}; by default jem.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the exported checkpoint; by default the mode's.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the exported checkpoint; by default checkpoints.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder of logs and states.")] = Path("runs"),
    resume: Annotated[
        Path | None,
        typer.Option(help="A run folder to go on from, with its own data, name and recipe; a few may be changed."),
    ] = None,
    start_from: Annotated[
        Path | None, typer.Option(help="A checkpoint whose weights a new run starts from; by default random ones.")
    ] = None,
    accelerator: Annotated[str, typer.Option(help="Lightning's: auto, cpu, gpu.")] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Processes on this machine, one a GPU.")] = 1,
    num_nodes: Annotated[int, typer.Option(min=1, help="Machines; start the same command on each.")] = 1,
    strategy: Annotated[str, typer.Option(help="Lightning's: auto, ddp.")] = "auto",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any hyper-parameter: --set alpha=0.5; may be repeated.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Real glyphs a step, and chains a step.")] = None,
    match_steps: Annotated[int | None, typer.Option(help="Optimiser steps of the first stage: matching.")] = None,
    contrast_steps: Annotated[int | None, typer.Option(help="Optimiser steps of the second stage: chains.")] = None,
    buffer_per_class: Annotated[int | None, typer.Option(help="Slots of the replay buffer a class.")] = None,
    lr: Annotated[float | None, typer.Option(help="Largest learning rate of the second stage.")] = None,
    lr_decay: Annotated[float | None, typer.Option(help="Share of the learning rate left at a stage's end.")] = None,
    alpha: Annotated[float | None, typer.Option(help="Weight of the L2 of energies.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes of the data loader.")] = None,
    steps: Annotated[int | None, typer.Option(help="SGLD steps a training step.")] = None,
    step_size: Annotated[float | None, typer.Option(help="Of SGLD.")] = None,
    width: Annotated[int | None, typer.Option(help="Channels of the first convolution.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random but the data.")] = None,
) -> None:
    """Trains a model and exports it with its card. With no arguments: a JEM of the pen data."""
    import torch
    from pytorch_lightning.utilities import rank_zero_only

    from ebm.evaluation.export import export
    from ebm.training.train import default_name, train

    given = {
        "mode": mode, "batch_size": batch_size, "match_steps": match_steps, "contrast_steps": contrast_steps,
        "buffer_per_class": buffer_per_class, "lr": lr, "lr_decay": lr_decay, "alpha": alpha, "workers": workers,
        "steps": steps, "step_size": step_size, "width": width, "seed": seed,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None} | _settings(set_ or [])
    if resume is not None:
        resolved, source, saved_name, saved_out = _resumed(resume, chosen)
        name, out = name or saved_name, out or saved_out
    else:
        resolved = recipe(preset or ("gpu" if torch.cuda.is_available() else "cpu"), **chosen)
        source = {"source": data, "founts": founts}
    say = rank_zero_only(print)
    say(json.dumps(resolved.to_dict()))
    name = name or default_name(resolved.mode, **source)
    out = out or Path("checkpoints")
    trained = train(
        resolved, **source, name=name, out=out, runs=runs, resume=resume, start_from=start_from,
        accelerator=accelerator, devices=devices, num_nodes=num_nodes, strategy=strategy,
        progress=sys.stdout.isatty(), command="python -m ebm " + " ".join(sys.argv[1:]),
    )  # fmt: skip
    if trained is not None:
        print(f"Exported {export(out / f'{name}.safetensors', trained)}")


def _resumed(run: Path, chosen: dict[str, Any]) -> tuple[Recipe, dict[str, Any], str, Path]:
    """The recipe of a run to go on from, the source of its data, its name, and the folder of its checkpoint.

    Args:
        run: its folder.
        chosen: settings that are to be changed.

    Raises:
        ValueError: for a setting that a run keeps.
    """
    from ebm.training.train import read_run

    settings, saved = read_run(run)
    if fixed := sorted(FIXED & chosen.keys()):
        raise ValueError(f"A resumed run keeps its {fixed[0]}; leave that option out.")
    source = {"source": saved["source"], "founts": saved["founts"]}
    return recipe(settings, **chosen), source, saved["name"], Path(saved["out"])


def _settings(pairs: list[str]) -> dict[str, Any]:
    """Reads name=value pairs; the values as JSON, else as text."""
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, mark, value = pair.partition("=")
        if not mark:
            raise ValueError(f"--set takes name=value, not {pair!r}.")
        try:
            settings[name] = json.loads(value)
        except json.JSONDecodeError:
            settings[name] = value
    return settings
