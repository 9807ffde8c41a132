"""The story of energy-based models in six steps: words, equations, and doors to where each can be seen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Door:
    """A button that opens a tab: what it says, and the state that the tab opens in, as in a link."""

    says: str
    wishes: dict[str, str]


@dataclass(frozen=True)
class Lesson:
    """One step.

    Args:
        title: what it is about.
        text: in Markdown, with LaTeX between dollar signs.
        equations: in LaTeX, one below the other.
        notice: what to look at.
        doors: where.
        questions: of exercise 3.1, each with an answer that can be tried.
    """

    title: str
    text: str
    equations: tuple[str, ...]
    notice: str
    doors: tuple[Door, ...]
    questions: tuple[tuple[str, str], ...] = ()


# Two strokes of the broad nib that do not meet at the top (in the form that `app.tabs.read.pad` describes).
_HASTY_N = "bWZTNZmQAZmszeFv_.bZmWZjMR7nrWZnrszrhv_"

LESSONS = (
    Lesson(
        "A glyph goes in, an energy comes out",
        "The network $f_\\theta$ looks at the 3,136 pixels of a glyph and gives one number. Its negative is the "
        "**energy**. Training makes the energy low for the glyphs of the corpus and higher for everything else, so "
        "that a picture with a low energy is a likely one.",
        ("q_\\theta(x) = \\frac{e^{-E_\\theta(x)}}{Z_\\theta}", "E_\\theta(x) = -f_\\theta(x)"),
        "The energy of a good glyph lies within the histogram of known glyphs, that of noise far to its right. Zero is "
        "nothing special: add 10 to every energy, and no picture becomes likelier than before, because the likelihoods "
        "must add up to one. Only differences count.",
        (
            Door("Read a good glyph", {"tab": "read", "example": "good glyph"}),
            Door("Read noise", {"tab": "read", "example": "noise"}),
        ),
        (
            (
                "What are energy-based models, and what can I do with them?",
                "Everything here is read off this one number: *Read* names a glyph's sort, *Print* makes new glyphs, "
                "*Strangers* notices what does not belong, and *Read* also repairs a worn glyph.",
            ),
        ),
    ),
    Lesson(
        "The slope says where to go",
        "The energy has a slope in every pixel: how it would change if there were a little more ink just there. "
        "The network gives it by one backward pass. Following it downhill makes a picture likelier.",
        ("\\frac{\\partial E_\\theta(x)}{\\partial x} \\in \\mathbb{R}^{56 \\times 56}",),
        "Where a glyph lacks something the slope asks for ink (blue), where something disturbs it asks for paper "
        "(orange). Choose *push pixels* in the lens, follow it by hand, and see the energy answer.",
        (
            Door("Show the slope on an n written in haste", {"tab": "read", "draw": _HASTY_N, "overlay": "slope"}),
            Door("Show it on a worn glyph", {"tab": "read", "example": "worn glyph", "overlay": "slope"}),
        ),
    ),
    Lesson(
        "Printing: downhill in energy, with a little noise",
        "**Langevin dynamics** starts from noise, goes a step down the slope, adds a little noise, and begins again. "
        "This is inference: the pixels move, the weights stay. In practice the size of the step and the "
        "strength of the noise are chosen separately, which amounts to sampling at a low temperature.",
        (
            "x^{k+1} = x^k - \\frac{\\eta}{2}\\,\\frac{\\partial E_\\theta(x^k)}{\\partial x^k} + \\epsilon",
            "\\epsilon \\sim \\mathcal{N}(0, \\eta)",
        ),
        "The energies fall steeply at first and then wander within the band of known glyphs. Pause, go back step by "
        "step, and look when the letter appears. Without noise every chain runs straight into the nearest valley; "
        "with too much of it none stays in one.",
        (
            Door("Print with the trained recipe", {"tab": "print", "sort": "a"}),
            Door("Print without noise", {"tab": "print", "sort": "a", "noise": "0"}),
            Door("Print with too much noise", {"tab": "print", "sort": "a", "noise": "0.3"}),
        ),
        (
            (
                "How can we make sure that we explore the complete space of the current model distribution?",
                "We cannot be sure, but noise, fresh starts and many chains help. Print the same sort with two seeds "
                "and compare the forms: short chains from noise reach many valleys, one long chain stays in one.",
            ),
            (
                "What is the difference between inference and training?",
                "Inference moves the picture and leaves the weights alone: watch *Print*. Training moves the weights, "
                "and has to run inference at each of its steps to know where the model's own valleys are: watch "
                "*Train*.",
            ),
        ),
    ),
    Lesson(
        "Training: pull down what is real, push up what is sampled",
        "The constant $Z_\\theta$ is an integral over all pictures there could be, which nobody can compute. But its "
        "slope in the weights is an average over the model's own samples. So training lowers the energy of real "
        "glyphs and raises that of glyphs it has just printed, until the two cannot be told apart. A **replay "
        "buffer** keeps the chains, so that each need not start from noise again. Before that, a first stage "
        "**matches** the slope: along straight lines from noise to glyphs it is taught to point to the glyph, so that "
        "chains find their way at all.",
        (
            "\\frac{\\partial \\mathcal{L}}{\\partial \\theta} = \\mathbb{E}_{p(x)}\\left["
            "\\frac{\\partial E_\\theta(x)}{\\partial \\theta}\\right] - \\mathbb{E}_{q_\\theta(x)}\\left["
            "\\frac{\\partial E_\\theta(x)}{\\partial \\theta}\\right]",
        ),
        "First the network learns the way from noise to glyphs, without any chain. Once chains run, the energies of "
        "real and of printed glyphs stay close together. If they part for long, training has failed; a loss near zero "
        "alone says nothing. A plain classifier (the model *twin*) never had the energies of its samples pushed up: "
        "its chains find low energies where no letters are.",
        (
            Door("Watch a small model learn", {"tab": "train", "press": "train-go"}),
            Door("Print with the classifier", {"tab": "print", "sort": "a", "model": "twin"}),
        ),
        (
            (
                "Why do we need a partition function, can't I just optimize the energy function?",
                "Without it nothing would stop the network from giving every picture a low energy. The push on printed "
                "glyphs is what keeps all others up. The twin shows what happens without it.",
            ),
            (
                "What can we do to approximate the unknown partition function?",
                "We never need it, only its slope, and that is estimated with a handful of samples by Langevin "
                "dynamics from a replay buffer (the second term above).",
            ),
        ),
    ),
    Lesson(
        "One network reads and prints",
        "Each of a classifier's 42 outputs is read as minus the energy of the glyph together with one sort. The "
        "logarithm of the sum of their exponentials is minus the energy of the glyph alone. Their softmax is the "
        "probability of each sort. This is the **joint energy-based model** (JEM).",
        (
            "\\log\\, q_\\theta(x, y) = \\log\\, q_\\theta(x) + \\log\\, q_\\theta(y \\mid x)",
            "q_\\theta(x) \\propto \\sum_y e^{f_\\theta(x)[y]}",
        ),
        "Print an o, then an ō: the same network follows another of its outputs. The model without classes prints "
        "letters too, but cannot be asked for one of them.",
        (
            Door("Print an o", {"tab": "print", "sort": "o"}),
            Door("Print an o with a bar", {"tab": "print", "sort": "o-bar"}),
            Door("Print without classes", {"tab": "print", "model": "ebm"}),
        ),
    ),
    Lesson(
        "Strangers: what the energy is good for",
        "A picture whose energy is above a threshold is called a **stranger**. The threshold is set so that one known "
        "glyph in twenty is called a stranger by mistake; how many strangers it catches has to be measured.",
        ("s_\\theta(x) = E_\\theta(x) > \\tau",),
        "Noise and blank paper are easy. Other scripts and turned letters are hard: their strokes look right. Compare "
        "the energy with the classifier's top probability, which is often sure of itself on strangers.",
        (
            Door("Look at the hardest strangers", {"tab": "strangers", "sets": "other script,mirrored"}),
            Door("Look at the easy ones", {"tab": "strangers", "sets": "noise,blank paper"}),
            Door("Walk between two glyphs", {"tab": "surface"}),
        ),
    ),
)
