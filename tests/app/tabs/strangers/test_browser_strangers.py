"""The tab Strangers in a real browser: own pictures join the sets, and what is shown is exported."""

import numpy as np
from helpers.app_pages import open_tab
from PIL import Image


def test_own_pictures_are_brought_and_exported(page, tmp_path) -> None:
    sheet = np.full((90, 90), 250, np.uint8)
    sheet[15:75, 30:45] = 10
    Image.fromarray(sheet).save(tmp_path / "bar.png")
    (tmp_path / "bad.png").write_text("no picture")
    open_tab(page, "Strangers")
    page.click("#own > button, #own .label-wrap")
    page.set_input_files("#own-files input[type=file]", [str(tmp_path / "bar.png"), str(tmp_path / "bad.png")])
    page.wait_for_selector("#own-said:has-text('1 pictures were read, 1 could not be (bad.png')")
    page.wait_for_selector("#rates:has-text('yours')")
    page.wait_for_selector("#auroc:has-text('yours')")
    assert page.is_checked("#sets label:has-text('yours') input")
    page.click("#export")
    page.wait_for_selector("#exported:has-text('.csv')")
