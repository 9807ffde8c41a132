"""A run as files: the last grid, the animation, the trajectory."""

import dataclasses
import io
import json
from pathlib import Path

import numpy as np

from app.parts.drawing import tile_grid
from app.tabs.print.run import Frame, PrintRequest
from ebm.data.picture.grid import animate

LARGEST = 24 * 2**20  # bytes of a trajectory before it is packed; of a longer one every second, third, ... frame


def as_png(frame: Frame) -> bytes:
    """The grid as a PNG, enlarged without smoothing."""
    buffer = io.BytesIO()
    tile_grid(frame.ink, 4).save(buffer, "PNG")
    return buffer.getvalue()


def as_animation(frames: list[Frame]) -> bytes:
    """All frames as an animated WebP that rests on the last one."""
    zoom = 4 if len(frames[0].x) <= 4 else 2 if len(frames[0].x) <= 16 else 1
    pictures = [tile_grid(frame.ink, zoom) for frame in frames]
    buffer = io.BytesIO()
    animate(buffer, pictures, ms=70, rest=1800, format="WEBP", quality=75, method=0)
    return buffer.getvalue()


def as_trajectory(request: PrintRequest, frames: list[Frame]) -> bytes:
    """The recorded states as `.npz`: x uint8 (frames, N, 56, 56), ink = 255; energy, aimed (frames, N); step;
    settings (JSON).

    Nothing in it is pickled: `numpy.load` reads it as it is.
    """
    size = frames[0].ink.numel() * len(frames)
    kept = frames[:: -(-size // LARGEST)]
    kept = kept if kept[-1] is frames[-1] else [*kept, frames[-1]]
    settings = {k: v for k, v in dataclasses.asdict(request).items() if k not in ("labels", "begin")}
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, x=np.stack([frame.ink.numpy() for frame in kept]), energy=np.array([frame.energy for frame in kept]),
        aimed=np.array([frame.aimed for frame in kept]),
        step=np.array([frame.step for frame in kept]), settings=np.array(json.dumps(settings)),
    )  # fmt: skip
    return buffer.getvalue()


def save(folder: Path, request: PrintRequest, frames: list[Frame]) -> tuple[Path, Path, Path]:
    """Writes the last frame as a PNG, all of them as an animation and as a trajectory."""
    files = []
    for kind, data in (
        ("png", as_png(frames[-1])),
        ("webp", as_animation(frames)),
        ("npz", as_trajectory(request, frames)),
    ):
        files.append(folder / name_of(request, kind))
        files[-1].write_bytes(data)
    return files[0], files[1], files[2]


def name_of(request: PrintRequest, kind: str) -> str:
    """What a file of this request is called."""
    wanted = request.text if request.way in ("word", "combination") else request.sort
    what = "".join(c if c.isalnum() else "-" for c in wanted)[:40]
    return f"glyphs-{what}-seed{request.seed}.{kind}"
