"""The tab Learn: the story in six steps, each with doors to the other tabs."""

import gradio as gr

from app.parts.panel import Context, Panel, Wishes
from app.tabs.learn.lessons import LESSONS, Lesson
from app.tabs.learn.writing import notice, words


def build(context: Context) -> Panel:
    """Puts the tab's components into the page being built."""
    doors: list[tuple[gr.Button, Wishes]] = []
    with gr.Column(elem_id="lessons"):
        for number, lesson in enumerate(LESSONS, 1):
            with gr.Row(elem_classes="sheet lesson"):
                with gr.Column(elem_classes="words", scale=3, min_width=280):
                    gr.HTML(words(number, lesson), js_on_load=None)
                with gr.Column(elem_classes="see", scale=2, min_width=280):
                    gr.HTML(notice(lesson), js_on_load=None)
                    doors += _doors(lesson, context)
    return Panel("learn", doors=doors)


def _doors(lesson: Lesson, context: Context) -> list[tuple[gr.Button, Wishes]]:
    """The doors to models that are there."""
    shipped = context.models.shipped()
    with gr.Row(elem_classes="buttons doors"):
        return [
            (gr.Button(door.says, size="sm", min_width=120, elem_classes="door"), door.wishes)
            for door in lesson.doors
            if door.wishes.get("model", context.models.home) in shipped
        ]
