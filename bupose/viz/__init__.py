"""Visualisation of people, maps and decoding, as pictures (RGB uint8 arrays) and plots (matplotlib figures)."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
