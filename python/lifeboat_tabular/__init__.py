"""Packs a trained model of a table, so that the program `lifeboat` serves it."""

from .packing import Packed, pack
from .program import PackError

__all__ = ["PackError", "Packed", "pack"]
