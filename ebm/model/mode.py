"""The four things that a network can be trained to be."""

from enum import StrEnum


class Mode(StrEnum):
    """What f is, and what the network learns (Grathwohl et al. 2020, Sec. 3; exercise sheet, Secs. 2 and 5)."""

    EBM = "ebm"  # one output, no classes: f models log q(x)
    JEM = "jem"  # the contrastive loss is on the logsumexp over the logits, log q(x)
    CONDITIONAL = "conditional"  # the contrastive loss is on the wanted logit, log q(x, y)
    CLASSIFIER = "classifier"  # cross-entropy alone: the twin that joint models are compared with

    def outputs(self, classes: int) -> int:
        """How many outputs a network has for so many classes."""
        return 1 if self is Mode.EBM else classes

    def fits(self, outputs: int) -> bool:
        """Whether a network with so many outputs can be of this mode."""
        return (self is Mode.EBM) == (outputs == 1)

    @property
    def has_chains(self) -> bool:
        """Whether training runs SGLD at all."""
        return self is not Mode.CLASSIFIER

    @property
    def contrasts_the_logit(self) -> bool:
        """Whether the contrastive loss is on f(x)[y] rather than on f(x)."""
        return self is Mode.CONDITIONAL

    def unsteered_share(self, of_a_jem: float) -> float:
        """The share of training chains that no class steers, in [0, 1]; `of_a_jem` is the recipe's for a JEM."""
        return {Mode.EBM: 1.0, Mode.JEM: of_a_jem}.get(self, 0.0)

    @property
    def default_name(self) -> str:
        """What a checkpoint of this mode is called where nobody named it."""
        return {Mode.CONDITIONAL: "jem-conditional", Mode.CLASSIFIER: "twin"}.get(self, str(self))
