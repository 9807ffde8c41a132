"""What the tests of damaged checkpoints share."""

import dataclasses
import json

from helpers.cards import make_card

from ebm.model.energy import EnergyNet


def card_text(**changes) -> str:
    """The card of a JEM of width 4 as JSON, with some fields replaced."""
    return json.dumps(dataclasses.asdict(make_card(EnergyNet(4, 42))) | changes)


def one_sentence(error: Exception, *words: str) -> None:
    """It is short, of one line, and has the words."""
    text = str(error)
    assert len(text.splitlines()) == 1 and len(text) < 500 and all(word in text for word in words), text
