"""Options of the explorer."""

from __future__ import annotations

from dataclasses import dataclass, field

from bupose.errors import OptionsError
from bupose.estimate.options import NetworkOptions
from bupose.options import option
from bupose.track import TrackOptions
from bupose.viz.overlay import OverlayOptions


@dataclass
class ExploreOptions(NetworkOptions):
    """Inspect a network's maps of a photo, and adjust the grouping, on a local page.

    Parameters
    ----------
    photo : path
        A picture or video to start with, by default a drawn crowd; others can be dropped onto the page.
    port : int
        Null is the first free one from 7860 on.
    browser : bool
        Open the page; else only print its address.
    overlay.* : see OverlayOptions
        Initial overlay options.
    track.* : see TrackOptions
        How people are followed through a video.
    look_every : int
        Of the frames of a followed video the network looks at each n-th.
    """

    photo: str | None = option(None, path=True)
    port: int | None = option(None, 1, 65535)
    browser: bool = option(True)
    overlay: OverlayOptions = field(default_factory=OverlayOptions)
    track: TrackOptions = field(default_factory=TrackOptions)
    look_every: int = option(1, 1, 1000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode == "crops":
            raise OptionsError("the explorer shows maps of whole pictures, which mode=crops has none of; leave it out")
