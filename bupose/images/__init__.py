"""The one place where picture files are read: upright uint8 RGB, whatever their kind, within limits."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
