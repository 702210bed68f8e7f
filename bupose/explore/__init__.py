"""A page on this machine for looking into one photo: maps, people, and why joints were joined or not.

``bupose explore photo.jpg`` opens it. ``observation`` and ``session`` know nothing of the web, ``page`` nothing of
poses; ``command`` begins and ends it.
"""

from bupose.explore.command import explore
from bupose.explore.options import ExploreOptions

__all__ = ["ExploreOptions", "explore"]
