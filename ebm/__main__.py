"""The command line: python -m ebm data | train | import | generate | evaluate | results | score."""

import dataclasses
import json
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from ebm.system.places import CHECKPOINTS, DEFAULT_CHECKPOINT
from ebm.training.recipe import MODES, PRESETS

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Energy-based models of historical printed glyphs.")

Data = Annotated[str, typer.Option("--data", help="'pen', a GLYPHS folder, or a folder of pictures per class.")]
Founts = Annotated[str | None, typer.Option(help="Print from the TTF/OTF files of this folder instead of the pen.")]
Model = Annotated[Path, typer.Option(help="A .safetensors checkpoint with its card beside it.")]


@app.command("data")
def show_data(
    data: Data = "pen",
    founts: Founts = None,
    sheet: Annotated[Path | None, typer.Option(help="Write a contact sheet, one row a sort, to this PNG.")] = None,
    seed: Annotated[int, typer.Option(help="Of the pen corpus, or of the split of a picture folder.")] = 0,
) -> None:
    """Makes or loads a corpus, says what is in it, and draws its contact sheet (exercise 3.1)."""
    from ebm.data.corpus import SPLITS
    from ebm.data.sources import load_corpus

    corpus = load_corpus(data, founts=founts, seed=seed)
    counts = ", ".join(f"{split} {len(corpus.labels[split])}" for split in SPLITS)
    print(f"{corpus.source}\n{len(corpus.sorts)} sorts; {counts}; SHA-256 {corpus.digest()}")
    if sheet is not None:
        from ebm.data.sheet import contact_sheet

        contact_sheet(corpus, pen_seed=seed if data == "pen" and founts is None else None).save(sheet)
        print(f"Contact sheet: {sheet}")


@app.command("train")
def train_command(
    preset: Annotated[
        str | None, typer.Option(help=f"{' or '.join(PRESETS)}; by default gpu where there is one.")
    ] = None,
    data: Data = "pen",
    founts: Founts = None,
    mode: Annotated[str | None, typer.Option(help=f"{', '.join(MODES)}; by default jem.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the exported checkpoint; by default the mode's.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the exported checkpoint; by default checkpoints.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder of logs and states.")] = Path("runs"),
    resume: Annotated[
        Path | None,
        typer.Option(help="A run folder to go on from, with its own data, name and recipe; a few may be changed."),
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

    from ebm.training.recipe import FIXED, recipe
    from ebm.training.train import read_run, train

    given = {
        "mode": mode, "batch_size": batch_size, "match_steps": match_steps, "contrast_steps": contrast_steps,
        "buffer_per_class": buffer_per_class, "lr": lr, "lr_decay": lr_decay, "alpha": alpha, "workers": workers,
        "steps": steps, "step_size": step_size, "width": width, "seed": seed,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None} | _settings(set_ or [])
    if resume is not None:
        settings, saved = read_run(resume)
        if fixed := sorted(FIXED & chosen.keys()):
            raise ValueError(f"A resumed run keeps its {fixed[0]}; leave that option out.")
        resolved = recipe(settings, **chosen)
        source = {"source": saved["source"], "founts": saved["founts"]}
        name, out = name or saved["name"], out or Path(saved["out"])
    else:
        resolved = recipe(preset or ("gpu" if torch.cuda.is_available() else "cpu"), **chosen)
        source = {"source": data, "founts": founts}
    say = rank_zero_only(print)
    say(json.dumps(dataclasses.asdict(resolved)))
    path = train(
        resolved, **source, name=name, out=out or Path("checkpoints"), runs=runs, resume=resume,
        accelerator=accelerator, devices=devices, num_nodes=num_nodes, strategy=strategy,
        progress=sys.stdout.isatty(), command="python -m ebm " + " ".join(sys.argv[1:]),
    )  # fmt: skip
    say(f"Exported {path}")


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


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="A Lightning checkpoint (.ckpt) of the exercise's network.")],
    out: Annotated[
        Path | None, typer.Option(help="The .safetensors file to write, or its folder; by default beside FILE.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", help="As elsewhere: to set the threshold on; without it there is none.")
    ] = None,
    names: Annotated[Path | None, typer.Option(help="Text file that names the classes, one a line.")] = None,
    mode: Annotated[str | None, typer.Option(help=f"{', '.join(MODES)}; by default told by the network.")] = None,
) -> None:
    """Makes a student's Lightning checkpoint one for the explorer, running nothing in it (all exercises)."""
    from ebm.importing.import_model import import_model

    command = "python -m ebm " + " ".join(sys.argv[1:])
    path, card, remarks = import_model(file, out, data=data, names=names, mode=mode, command=command)
    print(f"Wrote {path} and {path.with_suffix('.json')}")
    for remark in remarks:
        print(remark)
    if card.threshold is None:
        print("The model is uncalibrated: without --data there is no threshold, so no glyph is called a stranger.")
    else:
        print(f"Calibrated: threshold {card.threshold:.4g}, {card.threshold_rule}.")
    print(f"Open it with: python -m app --checkpoint {path}")


@app.command("generate")
def generate_command(
    checkpoint: Model = DEFAULT_CHECKPOINT,
    out: Annotated[Path, typer.Option(help="Folder of grid.png, strip.png and chain.webp.")] = Path("out"),
    sort: Annotated[str | None, typer.Option(help="Name or character of the sort; by default one of each.")] = None,
    unconditional: Annotated[bool, typer.Option(help="No wanted sort: chains on log q(x) itself.")] = False,
    count: Annotated[int | None, typer.Option(min=1, help="How many glyphs; by default 42, or 16 of one sort.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="SGLD steps; by default the model's own number.")] = None,
    at: Annotated[list[int] | None, typer.Option(min=0, help="A step to show in the strip; may be repeated.")] = None,
    start: Annotated[str | None, typer.Option(help="uniform or gaussian; by default the trained law.")] = None,
    seed: Annotated[int, typer.Option(help="Of starts and noise.")] = 0,
    animation: Annotated[str, typer.Option(help="webp or gif.")] = "webp",
) -> None:
    """Prints new glyphs from noise: a grid, one chain at chosen steps, an animation (exercise 3.5)."""
    from ebm.generation.files import print_files

    files, shown = print_files(
        checkpoint, out, sort=sort, unconditional=unconditional, count=count, steps=steps, at=at,
        start=start, seed=seed, animation=animation,
    )  # fmt: skip
    print(f"The strip shows the first chain after {', '.join(map(str, shown))} steps.")
    print("Wrote {}, {} and {}".format(*files))


@app.command("evaluate")
def evaluate_command(
    checkpoint: Model = DEFAULT_CHECKPOINT,
    out: Annotated[Path, typer.Option(help="Folder of report.json and report.html.")] = Path("report"),
    data: Data = "pen",
    founts: Founts = None,
    twin: Annotated[Path | None, typer.Option(help="A classifier-only checkpoint to set beside it.")] = None,
    real: Annotated[
        list[Path] | None,
        typer.Option(help="Crops of real print: a folder of glyphs/SORT/ and strangers/NAME/; may be repeated."),
    ] = None,
    n: Annotated[int, typer.Option(min=2, help="Images a stranger set.")] = 1000,
    quick: Annotated[
        bool, typer.Option(help="Leave out samples, robustness and likelihood: seconds, not minutes.")
    ] = False,
    part: Annotated[
        list[str] | None, typer.Option(help="Of samples, robustness, likelihood only these; may be repeated.")
    ] = None,
    update_card: Annotated[bool, typer.Option("--update-card", help="Also write the figures into the card.")] = False,
    device: Annotated[str, typer.Option(help="Where the model runs: cpu or cuda.")] = "cpu",
) -> None:
    """Scores the test split and every stranger set; real print, samples, robustness, likelihood (exercise 3.6)."""
    from ebm.evaluation.measure import PARTS, evaluate
    from ebm.evaluation.page import summary

    if unknown := sorted(set(part or ()) - set(PARTS)):
        raise ValueError(f"There is no part {unknown[0]!r} to measure; there are: {', '.join(PARTS)}.")
    report = evaluate(
        checkpoint, out, source=data, founts=founts, twin=twin, n=n, parts=() if quick else tuple(part or PARTS),
        real=real or (), update_card=update_card, device=device,
        say=lambda part: print(f"Measuring {part} ...", file=sys.stderr),
    )  # fmt: skip
    for line in summary(report):
        print(line)
    print(f"Wrote {out / 'report.json'} and {out / 'report.html'}")


@app.command("results")
def results_command(
    folder: Annotated[Path, typer.Argument(help="Of checkpoints, with a README.md to write into.")] = CHECKPOINTS,
) -> None:
    """Makes the tables of the results page again from the figures in the checkpoints' cards."""
    from ebm.evaluation.results import write

    print(f"Wrote {write(folder)}")


@app.command("score")
def score_command(
    files: Annotated[
        list[Path],
        typer.Argument(help="Pictures of single glyphs; with --out also folders, and @LIST for a text file."),
    ],
    checkpoint: Model = DEFAULT_CHECKPOINT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Any number of pictures: a .parquet file with a row each. Again to resume.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=0, help="With --out: decoding processes.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="With --out: glyphs at once, 256.")] = None,
    accelerator: Annotated[str | None, typer.Option(help="With --out, Lightning's: auto, cpu, gpu.")] = None,
    devices: Annotated[int | None, typer.Option(min=1, help="With --out: processes a machine, 1.")] = None,
    num_nodes: Annotated[int | None, typer.Option(min=1, help="With --out: machines, 1.")] = None,
    strategy: Annotated[str | None, typer.Option(help="With --out: auto or ddp.")] = None,
) -> None:
    """Energy, p-value, verdict and the five likeliest sorts of pictures. Exits 1 if one could not be read.

    With --out: any number of pictures into a Parquet file, where one that can't be read is a row with the reason.
    """
    given: dict[str, Any] = {
        "workers": workers, "batch_size": batch_size, "accelerator": accelerator, "devices": devices,
        "num_nodes": num_nodes, "strategy": strategy,
    }  # fmt: skip
    options = {name: value for name, value in given.items() if value is not None}
    if out is None:
        if options:
            option = next(iter(options)).replace("_", "-")
            raise ValueError(f"--{option} is for scoring in bulk: give --out NAME.parquet as well.")
        from ebm.scoring.print_verdicts import print_verdicts

        raise typer.Exit(0 if print_verdicts(files, checkpoint, as_json) else 1)
    if as_json:
        raise ValueError("With --out the rows go into a Parquet file: leave --json out.")
    import logging

    from ebm.scoring.bulk.score_files import score_files

    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # its tips and lists of devices
    counts = score_files(list(map(str, files)), out, checkpoint, **options)
    if counts is not None:
        print(f"Wrote {out}: {counts[0]:,} files, {counts[1]:,} of them could not be read (column 'error')")


def main() -> None:
    """Runs the command line; a ValueError is one sentence and exit code 2, never a traceback."""
    from ebm.system.malloc import keep_freed_memory
    from ebm.training.errors import Diverged, ProcessLost, Stopped

    keep_freed_memory()
    warnings.filterwarnings("ignore", module="PIL")  # of damaged files, which get a sentence of their own
    try:
        app()
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        sys.exit(143)  # what a shell says of a process that SIGTERM ended
    except (ValueError, OSError, Diverged, ProcessLost) as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    finally:
        _leave_process_group()


def _leave_process_group() -> None:
    """Ends the connection to other processes in order: gloo's threads abort a process that exits with them running."""
    distributed = sys.modules.get("torch.distributed")  # not imported here: most commands have no use for it
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
