"""Pictures with labelled people: files of the field's data sets, and what training does to them."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
