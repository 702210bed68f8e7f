"""The one room where annotations are read: files of the field's formats become arrays, and sentences about what is odd.

Training, checking, validation and evaluation all start from :func:`bupose.annotations.read`.
"""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
