"""What a start brings in: one process imports the package, then makes the page, and says what is there after each."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = """
import json, sys
import ebm
print(json.dumps(sorted(sys.modules)))
from app.page.page import build
build(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, make_tiny) -> tuple[set[str], set[str]]:
    """The modules after the package was imported, and after the page was made."""
    path = make_tiny(tmp_path_factory.mktemp("imported") / "tiny.safetensors")[0]
    done = subprocess.run(
        [sys.executable, "-c", CODE, path], cwd=ROOT, capture_output=True, text=True, timeout=600, check=True
    )
    after_package, after_page = map(json.loads, done.stdout.splitlines()[-2:])
    return set(after_package), set(after_page)


def test_importing_the_package_brings_nothing_slow(imported: tuple[set[str], set[str]]) -> None:
    slow = {"pytorch_lightning", "torchmetrics", "sklearn", "scipy", "plotly", "gradio", "torchvision", "pandas"}
    assert "torch" in imported[0] and not slow & imported[0]


def test_the_page_brings_no_training_stack(imported: tuple[set[str], set[str]]) -> None:
    stack = {"lightning", "pytorch_lightning", "torchmetrics", "torchvision", "sklearn", "scipy", "tensorboard"}
    assert "gradio" in imported[1] and not stack & imported[1]
