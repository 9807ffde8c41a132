"""A lesson as HTML, with equations in MathML that browsers show by themselves; the static site uses it too."""

import re
from html import escape

from latex2mathml.converter import convert
from markdown_it import MarkdownIt

from app.tabs.learn.lessons import Lesson

_FORMULA = re.compile(r"\$([^$]+)\$")


def words(number: int, lesson: Lesson) -> str:
    """The left half: the title, the text, and the questions of the exercise, which open when they are clicked."""
    questions = "".join(
        f"<details><summary>{escape(question)}</summary>{_written(answer)}</details>"
        for question, answer in lesson.questions
    )
    return f"<h2>{number}. {escape(lesson.title)}</h2>{_written(lesson.text)}{questions}"


def notice(lesson: Lesson) -> str:
    """The right half: the equations, and what to notice."""
    equations = "".join(
        f'<div class="equation">{convert(formula, display="block")}</div>' for formula in lesson.equations
    )
    return f"{equations}{_written(f'**What to notice.** {lesson.notice}')}"


def _written(text: str) -> str:
    """Markdown with LaTeX between dollar signs, as HTML."""
    formulas = [convert(formula) for formula in _FORMULA.findall(text)]
    html = str(MarkdownIt("zero").enable(["emphasis", "escape"]).render(_FORMULA.sub("\ufffc", text)))
    for formula in formulas:
        html = html.replace("\ufffc", formula, 1)
    return html
