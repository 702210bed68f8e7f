"""Data sets of labelled pictures, and their augmentation for training."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
