"""Options of written files."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.options import check, option


@dataclass
class WriteOptions:
    """What files of other programs say beside the poses.

    Parameters
    ----------
    rate : float
        Frames per second of recordings without times; null leaves times out, or is the format's usual rate.
    scorer : str
        Who found the people, for DeepLabCut.
    """

    rate: float | None = option(None, 1e-3, 1e5)
    scorer: str = option("DLC_bupose")

    def __post_init__(self) -> None:
        check(self, "write")
