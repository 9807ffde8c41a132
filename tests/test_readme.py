"""What README, CONTRIBUTING and docs say is so: their Python examples run as they stand, their paths exist."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHER_PAGES = [ROOT / "checkpoints" / "README.md", ROOT / "benchmarks" / "README.md"]
BLOCK = re.compile(r"```python\n(.*?)```", re.S)
EXAMPLES = [(page, code) for page in PAGES for code in BLOCK.findall(page.read_text(encoding="utf-8"))]
NAMES = [f"{page.stem}: {re.findall(r'# (.*?):', code)[0]}" for page, code in EXAMPLES]


@pytest.mark.parametrize(("page", "code"), EXAMPLES, ids=NAMES)
def test_an_example_runs(
    page: Path, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    (tmp_path / "checkpoints").symlink_to(ROOT / "checkpoints")
    sheet = np.full((90, 70), 245, np.uint8)
    sheet[15:75, 20:32] = sheet[15:75, 45:57] = 20
    Image.fromarray(sheet).save(tmp_path / "letter.png")
    monkeypatch.chdir(tmp_path)
    assert len(code.splitlines()) <= 15
    exec(compile(code, page.name, "exec"), {})  # noqa: S102 (our own file)
    if "print(" in code:
        assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("page", [*PAGES, *OTHER_PAGES], ids=lambda page: str(page.relative_to(ROOT)))
def test_the_paths_on_a_page_are_there(page: Path):
    text = page.read_text(encoding="utf-8")
    links = [page.parent / link for link in re.findall(r"\]\(([^)\s#:]+)\)", text)]
    folders = "ebm|app|tests|benchmarks|checkpoints|docs"
    named = [ROOT / path for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", text) if "NAME" not in path]
    assert [path for path in links + named if not path.exists()] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
