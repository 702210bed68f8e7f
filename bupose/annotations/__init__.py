"""Reading of annotations: files of all formats become arrays, with notes on oddities.

Training, checking, validation and evaluation all start from :func:`bupose.annotations.read`.
"""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
