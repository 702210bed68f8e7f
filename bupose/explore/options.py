"""What can be chosen about the explorer."""

from __future__ import annotations

from dataclasses import dataclass, field

from bupose.estimate.options import NetworkOptions
from bupose.options import option
from bupose.viz.overlay import OverlayOptions


@dataclass
class ExploreOptions(NetworkOptions):
    """Look at what a network sees in a photo, and turn its grouping, on a page that only this machine can open.

    Parameters
    ----------
    photo : path
        A picture or video to begin with, by default a drawn crowd; others can be dropped onto the page.
    port : int
        Null is the first free one from 7860 on.
    browser : bool
        Open the page; else only its address is said.
    overlay.* : see OverlayOptions
        How people are drawn at first.
    """

    photo: str | None = option(None, path=True)
    port: int | None = option(None, 1, 65535)
    browser: bool = option(True)
    overlay: OverlayOptions = field(default_factory=OverlayOptions)
