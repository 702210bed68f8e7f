"""Training: distillation, optimizers, and the loop around them, which is Lightning's."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
