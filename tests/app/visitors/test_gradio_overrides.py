"""What `app/visitors/gradio_overrides.py` relies on in Gradio; a failure says what an upgrade changed."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio
import pytest
from gradio import blocks, processing_utils, route_utils, routes, state_holder, utils

from app.visitors.gradio_overrides import Page, Session, Sessions

ROOT = Path(__file__).resolve().parents[3]
SEE = "see app/visitors/gradio_overrides.py"


@pytest.fixture
def page() -> Page:
    with Page() as page:
        gradio.Textbox("a")
        gradio.State(1)
    return page


def parameters(function: Callable[..., Any]) -> list[str]:
    """Names of the parameters without self."""
    return [name for name in inspect.signature(function).parameters if name != "self"]


def test_the_minor_version_is_the_one_that_was_tried() -> None:
    minor = ".".join(gradio.__version__.split(".")[:2])
    (line,) = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("gradio")]
    assert f">={minor}," in line, (
        f"Gradio is {gradio.__version__}, and requirements.txt says {line!r}: try the overrides with this version, "
        f"then pin its minor version; {SEE}."
    )


def test_a_page_makes_no_server_before_it_is_mounted(page: Page) -> None:
    assert page.app is None and page.queue().app is None, f"Gradio makes a page's server elsewhere now; {SEE}."
    assert blocks.App is routes.App
    gradio.mount_gradio_app(routes.FastAPI(), page, "/")


@pytest.mark.parametrize(
    ("owner", "name", "wanted"),
    [
        (blocks.Blocks, "preprocess_data", ["block_fn", "inputs", "state", "explicit_call"]),
        (state_holder.SessionState, "__init__", ["blocks"]),
        (state_holder.SessionState, "__setitem__", ["key", "value"]),
        (state_holder.SessionState, "_update_config", ["key"]),
        (state_holder.SessionState, "_update_value_in_config", ["key", "value"]),
        (state_holder.StateHolder, "__init__", []),
        (state_holder.StateHolder, "__getitem__", ["session_id"]),
        (state_holder.StateHolder, "update", ["session_id"]),
        (state_holder.StateHolder, "set_blocks", ["blocks"]),
    ],
)
def test_what_is_overridden_takes_the_same_arguments(owner: type, name: str, wanted: list[str]) -> None:
    method = getattr(owner, name, None)
    assert method is not None, f"Gradio's {owner.__name__} has no {name} any more, so its override does nothing; {SEE}."
    found = parameters(method)
    assert found == wanted, f"{owner.__name__}.{name} now takes {found}, its override takes {wanted}; {SEE}."


@pytest.mark.parametrize(
    ("function", "text", "why"),
    [
        (blocks.Blocks.process_api, "await self.preprocess_data(", "a call's values pass `Page.preprocess_data`"),
        (route_utils.call_process_api, ".process_api(", "a call passes `Page.process_api`"),
        (state_holder.StateHolder.__getitem__, "self.update(session_id)", "a used session passes `Sessions.update`"),
        (routes.App, "self.state_holder = ", "`keep_small` can replace what remembers the sessions"),
        (processing_utils, "not blocks.has_launched", "`check_paths` turns the check of paths on"),
    ],
)
def test_gradio_still_goes_through_what_is_overridden(function: Any, text: str, why: str) -> None:
    assert text in inspect.getsource(function), (
        f"Gradio's {function.__name__} no longer holds {text!r}, from which it followed that {why}; {SEE}."
    )


def test_a_session_holds_the_same_fields_as_gradios(page: Page) -> None:
    ours, gradios = set(vars(Session(page))), set(vars(state_holder.SessionState(page)))
    assert ours == gradios, f"Gradio's SessionState and our Session differ in {sorted(ours ^ gradios)}; {SEE}."
    missing = {"session_data", "time_last_used", "lock"} - set(vars(Sessions()))
    assert not missing, f"Gradio's StateHolder has no {sorted(missing)} any more, which Sessions uses; {SEE}."


def test_descriptions_of_components_serve_nothing_but_deep_links() -> None:
    folder = Path(inspect.getfile(gradio)).parent
    users = [path.name for path in folder.rglob("*.py") if "config_values" in path.read_text(encoding="utf-8")]
    assert users == ["state_holder.py"], f"Gradio now uses config_values in {users}, and Session keeps none; {SEE}."


def test_gradio_still_takes_what_a_generator_yields_for_one_value() -> None:
    def stream() -> Iterator[tuple[int, str]]:
        yield 1, "a"

    assert len(utils.get_return_types(stream)) == 1, (
        "gr.api now understands Iterator[tuple[...]]: `_yields` in app/visitors/endpoints.py is not needed any more."
    )
