"""Networks: a trunk computes features, a head predicts maps from them, ``PoseNet`` combines both."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
