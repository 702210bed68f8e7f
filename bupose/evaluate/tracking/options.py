"""Where PoseTrack's evaluation may be changed."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.options import check, option


@dataclass(frozen=True)
class PosevalOptions:
    """Oddities of PoseTrack's evaluation programs, which published numbers contain; each can be mended.

    Parameters
    ----------
    last_frame : bool
        Count each video's last labelled frame in MOTA; poseval leaves it out.
    one_sided : bool
        Count frames in which nobody is annotated, or nobody found, in full. poseval's MOTA counts them as one missed
        and one false joint of each kind, and PoseTrack21's HOTA counts all joints of the video anew for each.
    absent_joints : bool
        Leave joints that a video does not show out of its total HOTA; the kit counts their association as 0.
    ignore_regions : bool
        Leave out joints in regions where nobody is annotated.
    """

    last_frame: bool = option(False)
    one_sided: bool = option(False)
    absent_joints: bool = option(False)
    ignore_regions: bool = option(True)

    def __post_init__(self) -> None:
        check(self, "poseval")
