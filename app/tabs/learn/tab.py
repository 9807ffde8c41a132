"""The tab Learn: the story in six steps, each with doors to the other tabs."""

import gradio as gr

from app.parts.panel import Context, Panel, Wishes
from app.tabs.learn.lessons import LESSONS, Lesson

_LATEX: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "$", "right": "$", "display": False},
]


def build(context: Context) -> Panel:
    """Puts the tab's components into the page being built."""
    doors: list[tuple[gr.Button, Wishes]] = []
    with gr.Column(elem_id="lessons"):
        for number, lesson in enumerate(LESSONS, 1):
            with gr.Row(elem_classes="sheet lesson"):
                with gr.Column(elem_classes="words", scale=3, min_width=280):
                    _words(number, lesson)
                with gr.Column(elem_classes="see", scale=2, min_width=280):
                    doors += _see(lesson, context)
    return Panel("learn", doors=doors)


def _words(number: int, lesson: Lesson) -> None:
    """The left column: the text, and the questions of the exercise."""
    gr.Markdown(f"## {number}. {lesson.title}\n\n{lesson.text}", latex_delimiters=_LATEX)
    for question, answer in lesson.questions:
        with gr.Accordion(question, open=False):
            gr.Markdown(answer, latex_delimiters=_LATEX)


def _see(lesson: Lesson, context: Context) -> list[tuple[gr.Button, Wishes]]:
    """The right column: the equation, what to notice, and the doors to models that are there."""
    shipped = context.models.shipped()
    notice = f"$$ {lesson.equation} $$\n\n**What to notice.** {lesson.notice}"
    gr.Markdown(notice, latex_delimiters=_LATEX)
    with gr.Row(elem_classes="buttons doors"):
        return [
            (gr.Button(door.says, size="sm", min_width=120, elem_classes="door"), door.wishes)
            for door in lesson.doors
            if door.wishes.get("model", context.models.home) in shipped
        ]
