"""Options of written files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bupose.errors import OptionsError
from bupose.options import check, option, shown


@dataclass
class WriteOptions:
    """What files of other programs say beside the poses.

    Parameters
    ----------
    rate : float
        Frames per second of recordings without times; null leaves times out, or is the format's usual rate.
    scorer : str
        Who found the people, for DeepLabCut and NWB; a part of file names, so without slashes and not empty.
    begin : str
        When the video begins, as 2026-11-26T15:30 or with an offset from UTC, for NWB; null is 1970, unknown.
    angles : .yaml path
        Angles of joints and segments; null are the usual ones that the skeleton has.
    height : float, m
        Of the person who is seen most: places are then metres, in TRC.
    scale : float
        Pixels per metre, instead.
    """

    rate: float | None = option(None, 1e-3, 1e5)
    scorer: str = option("DLC_bupose")
    begin: str | None = option(None)
    angles: str | None = option(None, path=True)
    height: float | None = option(None, 0.01, 100)
    scale: float | None = option(None, 1e-3, 1e6)

    def __post_init__(self) -> None:
        check(self, "write")
        if not self.scorer.strip() or "/" in self.scorer or "\\" in self.scorer:
            raise OptionsError(
                f"write.scorer is {shown(self.scorer)}; give a name without slashes, which becomes a part of file names"
            )
        if self.begin is not None:
            try:
                datetime.fromisoformat(self.begin)
            except ValueError:
                raise OptionsError(
                    f"write.begin is {self.begin!r}; give a date and time, as 2026-11-26T15:30"
                ) from None
        if self.height is not None and self.scale is not None:
            raise OptionsError("write.height and write.scale are both given; give the one that is known")
