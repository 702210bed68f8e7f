"""Training: losses, distillation and optimizers in Lightning's training loop."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
