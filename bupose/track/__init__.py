"""Who is who in a video: people linked from frame to frame."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
