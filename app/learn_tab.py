"""The tab Learn: the story in six steps, each with doors to the other tabs."""

from typing import Any

import gradio as gr

from app.lessons import LESSONS, Lesson
from app.models import Models
from app.panel import Panel

_LATEX: list[dict[str, str | bool]] = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab, processor: dict[str, Any]) -> Panel:
    """Puts the tab's components into the page being built; arguments as in `read_tab.build`."""
    doors = []
    shipped = models.shipped()
    with gr.Column(elem_id="lessons"):
        for number, lesson in enumerate(LESSONS, 1):
            with gr.Column(elem_classes="sheet lesson"):
                gr.Markdown(_words(number, lesson), latex_delimiters=_LATEX, elem_classes="words")
                with gr.Row(elem_classes="buttons doors"):
                    for door in lesson.doors:
                        if door.wishes.get("model", models.home) in shipped:
                            button = gr.Button(door.says, size="sm", min_width=150, elem_classes="door")
                            doors.append((button, door.wishes))
    return Panel("learn", doors=doors)


def _words(number: int, lesson: Lesson) -> str:
    """A lesson as Markdown."""
    questions = "".join(f"\n\n**{asked}** {answer}" for asked, answer in lesson.questions)
    return (
        f"## {number}. {lesson.title}\n\n{lesson.text}\n\n$$ {lesson.equation} $$\n\n"
        f"*What to notice.* {lesson.notice}{questions}"
    )
