"""From a picture to its people: a network, how it is fed, and what is read out of it."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
