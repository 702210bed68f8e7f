"""Bridges: bupose in the places of other systems' programs and classes."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
