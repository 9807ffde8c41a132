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
bare = sorted(sys.modules)
ebm.load, ebm.sgld, ebm.to_glyph, ebm.verdict
print(json.dumps(bare))
print(json.dumps(sorted(sys.modules)))
from app.page.page import build
build(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, make_tiny) -> tuple[set[str], set[str], set[str]]:
    """The modules after the package was imported, after it was used, and after the page was made."""
    path = make_tiny(tmp_path_factory.mktemp("imported") / "tiny.safetensors")[0]
    done = subprocess.run(
        [sys.executable, "-c", CODE, path], cwd=ROOT, capture_output=True, text=True, timeout=600, check=True
    )
    bare, used, page = (set(json.loads(line)) for line in done.stdout.splitlines()[-3:])
    return bare, used, page


def test_importing_the_package_alone_brings_nothing(imported: tuple[set[str], set[str], set[str]]) -> None:
    assert not {"torch", "numpy", "PIL"} & imported[0]


def test_using_the_package_brings_nothing_slow(imported: tuple[set[str], set[str], set[str]]) -> None:
    slow = {"pytorch_lightning", "torchmetrics", "sklearn", "scipy", "plotly", "gradio", "torchvision", "pandas"}
    assert "torch" in imported[1] and not slow & imported[1]


def test_the_page_brings_no_training_stack(imported: tuple[set[str], set[str], set[str]]) -> None:
    stack = {"lightning", "pytorch_lightning", "torchmetrics", "torchvision", "sklearn", "scipy", "tensorboard"}
    assert "gradio" in imported[2] and not stack & imported[2]
