"""Sources of pictures: files, folders, patterns, lists, videos, cameras, streams."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
