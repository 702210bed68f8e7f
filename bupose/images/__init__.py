"""Reading of picture files of all kinds as upright uint8 RGB, within size limits."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
