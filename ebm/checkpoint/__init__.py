"""Checkpoints: safetensors weights with a JSON card next to them."""

from ebm.checkpoint.card import Card
from ebm.checkpoint.files import load, load_card, save, save_card

__all__ = ["Card", "load", "load_card", "save", "save_card"]
