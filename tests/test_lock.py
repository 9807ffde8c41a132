"""The lock holds every requirement, at a version that fits, with digests."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent


def requirements(file: str) -> list[Requirement]:
    lines = (line.split("  #")[0].strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]


@pytest.mark.parametrize(
    ("wanted", "lock"),
    [("requirements.txt", "requirements.lock"), ("requirements.txt", "requirements-dev.lock"),
     ("requirements-dev.txt", "requirements-dev.lock")],
)  # fmt: skip
def test_the_lock_fits_what_is_required(wanted: str, lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    locked: dict[str, set[str]] = {}
    for entry in entries:
        name, version = re.match(r"([\w.\[\]-]+)==([^\s;\\]+)", entry).groups()
        locked.setdefault(name.split("[")[0].lower(), set()).add(version)
    for requirement in requirements(wanted):
        versions = locked.get(requirement.name.lower())
        assert versions, f"{requirement.name} is not locked: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), requirement
