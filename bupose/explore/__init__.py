"""The explorer: a local page that shows the maps and people of a photo, and why joints were joined or not.

``bupose explore photo.jpg`` opens it. ``observation`` and ``session`` are independent of the web, ``page`` of poses;
``command`` starts and stops the server.
"""

from bupose.explore.command import explore
from bupose.explore.options import ExploreOptions

__all__ = ["ExploreOptions", "explore"]
