"""Files are listed as they are read, in order; names of any bytes become texts and names again."""

import os
import shutil

from helpers.odd_names import ODD_NAMES

from ebm.system.file_list import find_files, to_name, to_text


def test_a_folder_is_listed_as_it_is_read_and_in_order(tmp_path):
    folder = tmp_path / "in"
    names = [f"{k}.png" for k in range(30)] + [f"{k % 3}/{k % 5}-{k}" for k in range(100)]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "0" / "loop").symlink_to(folder / "0" / "loop")
    os.mkfifo(tmp_path / "pipe")  # opening it would block for ever
    (folder / "pipe").symlink_to(tmp_path / "pipe")
    found = find_files([str(folder)], tmp_path / "left out")
    first = [next(found) for _ in range(30)]
    assert first == sorted(os.fsencode(folder / name) for name in names[:30])
    shutil.rmtree(folder / "2")  # a folder is opened when its turn comes
    rest = sorted(os.fsencode(folder / name) for name in [*names[30:], "0/loop"] if not name.startswith("2/"))
    assert list(found) == [*rest, os.fsencode(folder / "2")]


def test_different_names_are_different_texts_that_become_the_names_again():
    texts = list(map(to_text, ODD_NAMES))
    assert len(set(texts)) == len(ODD_NAMES)
    assert list(map(to_name, texts)) == ODD_NAMES
