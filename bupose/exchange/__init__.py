"""Poses in files of other programs, in and out: a reader and a writer for each format."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
