"""python -m app: opens the explorer; python -m app export: writes what needs no server as a static site."""

import os
import socket
import warnings
import webbrowser
from pathlib import Path
from threading import Timer
from typing import Annotated

import typer

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

explorer = typer.Typer(add_completion=False)


@explorer.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 7860,
    checkpoint: Annotated[
        Path | None, typer.Option(help="A .safetensors file with its .json card; by default the jem that ships.")
    ] = None,
    training: Annotated[
        bool,
        typer.Option("--training/--no-training", help="Whether visitors may train or teach models here."),
    ] = True,
    root_path: Annotated[
        str | None, typer.Option(help="Path below which a reverse proxy shows the page, such as /glyphs.")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="Where glyphs are read and printed: page (by the visitor's browser) or server.")
    ] = "page",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
) -> None:
    """Opens the page that reads glyphs, prints new ones and tells strangers apart."""
    if context.invoked_subcommand is not None:
        return
    _check_port(host, port)
    from app.server import create, run  # after the cheap checks: this brings torch and gradio in
    from ebm.system.malloc import keep_freed_memory
    from ebm.system.places import DEFAULT_CHECKPOINT

    keep_freed_memory()
    warnings.filterwarnings("ignore", module="PIL")  # of damaged files: their senders get a sentence
    try:
        app = create(checkpoint or DEFAULT_CHECKPOINT, training, root_path, engine)
    except ValueError as error:
        _fail(str(error))
    address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0', '::') else host}:{port}{root_path or ''}"
    typer.echo(f"The explorer is at {address} (Ctrl-C ends it).")
    if browser:
        Timer(1.0, webbrowser.open, [address]).start()  # by then it answers
    run(app, host, port)


@explorer.command()
def export(
    site: Annotated[Path, typer.Argument(help="Folder of the site; it is made if it is missing.")],
    checkpoint: Annotated[
        Path | None, typer.Option(help="A .safetensors file with its .json card; by default the jem that ships.")
    ] = None,
) -> None:
    """Writes a static site of what needs no server, for any web server: reading what is drawn, and printing."""
    from app.site.export import export as write  # brings torch and gradio in
    from ebm.system.places import DEFAULT_CHECKPOINT

    try:
        page = write(checkpoint or DEFAULT_CHECKPOINT, site)
    except (ValueError, OSError) as error:
        _fail(str(error))
    typer.echo(
        f"{page} is the site's first page. Show the folder by a web server: a browser runs no modules from a file."
    )


def _check_port(host: str, port: int) -> None:
    """Ends with one sentence when nothing can listen there."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        _fail(f"Cannot listen on {host}:{port} ({reason}): end what uses that port or choose another with --port.")


def _fail(sentence: str) -> None:
    typer.echo(sentence, err=True)
    raise SystemExit(2)


if __name__ == "__main__":
    explorer()
