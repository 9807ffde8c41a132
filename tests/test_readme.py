"""The Python examples of the README run as they stand."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("code", EXAMPLES, ids=[re.findall(r"# (\w+( inside)?)", code)[0][0] for code in EXAMPLES])
def test_an_example_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    (tmp_path / "checkpoints").symlink_to(ROOT / "checkpoints")
    sheet = np.full((90, 70), 245, np.uint8)
    sheet[15:75, 20:32] = sheet[15:75, 45:57] = 20
    Image.fromarray(sheet).save(tmp_path / "letter.png")
    monkeypatch.chdir(tmp_path)
    assert len(code.splitlines()) <= 15
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 (our own file)
    if "print(" in code:
        assert capsys.readouterr().out.strip()
