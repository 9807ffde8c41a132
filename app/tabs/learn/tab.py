"""The tab Learn: the story in six steps, each with doors to the other tabs."""

import gradio as gr

from app.models.library import Models
from app.tabs.learn.lessons import LESSONS
from app.tabs.panel import Panel

_LATEX: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "$", "right": "$", "display": False},
]


def build(models: Models, model: gr.Dropdown, page: gr.Blocks, tab: gr.Tab) -> Panel:
    """Puts the tab's components into the page being built; arguments as in `read_tab.build`."""
    doors = []
    shipped = models.shipped()
    with gr.Column(elem_id="lessons"):
        for number, lesson in enumerate(LESSONS, 1):
            with gr.Row(elem_classes="sheet lesson"):
                with gr.Column(elem_classes="words", scale=3, min_width=280):
                    gr.Markdown(f"## {number}. {lesson.title}\n\n{lesson.text}", latex_delimiters=_LATEX)
                    for asked, answer in lesson.questions:
                        with gr.Accordion(asked, open=False):
                            gr.Markdown(answer, latex_delimiters=_LATEX)
                with gr.Column(elem_classes="see", scale=2, min_width=280):
                    gr.Markdown(
                        f"$$ {lesson.equation} $$\n\n**What to notice.** {lesson.notice}", latex_delimiters=_LATEX
                    )
                    with gr.Row(elem_classes="buttons doors"):
                        for door in lesson.doors:
                            if door.wishes.get("model", models.home) in shipped:
                                button = gr.Button(door.says, size="sm", min_width=120, elem_classes="door")
                                doors.append((button, door.wishes))
    return Panel("learn", doors=doors)
