"""Lightning's .ckpt files, read without running anything that is in them."""

import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch


def read_state(path: str | Path) -> dict[str, Any]:
    """Reads a .ckpt file: tensors and plain values only.

    Args:
        path: of the file.

    Returns:
        what was saved, with all tensors on the CPU. A Lightning checkpoint has "state_dict", "hyper_parameters"
        and more.

    Raises:
        ValueError: one sentence, for a file that is missing, damaged, compressed, not a dict, or that would
            have to run code to be read.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no file {path}; give a Lightning checkpoint (.ckpt).")
    _check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path.name} is refused: {_reason(str(error))}.") from None
    except Exception as error:  # a damaged pickle can raise any error
        about = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(f"{path.name} is not a whole file that torch.save made: {about[0][:200]}.") from None
    if not isinstance(state, dict):
        raise ValueError(f"{path.name} holds a {type(state).__name__}, not a checkpoint's dict with a 'state_dict'.")
    return state


def _check_archive(path: Path) -> None:
    """Refuses compressed members, which torch.save never makes and which could expand to any size."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ValueError(f"{path.name} is not a whole file that torch.save made: {error}.") from None
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if packed or sum(member.file_size for member in members) > path.stat().st_size:
        raise ValueError(f"{path.name} is refused: its members are packed, which torch.save never does.")


def _reason(error: str) -> str:
    """The reason why a pickle is not read, in words."""
    if found := re.search(r"GLOBAL ([\w.]+)", error):
        return (
            f"to read it, {found.group(1)[:80]} from it would have to be run, and only tensors and plain values are "
            "read; save torch.save({'state_dict': model.state_dict(), 'hyper_parameters': {...}}, FILE) instead"
        )
    return "it is damaged, or holds more than tensors and plain values"
