"""Options of people found one by one."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.options import check, option

PIXELS = ("auto", "unit", "imagenet", "bytes", "bytes_bgr")
MOST_ALIKE = 2.28  # tanh(1)² + 1.7, of equal joints of score 1


@dataclass
class CropsOptions:
    """Options of ``mode=crops``.

    Parameters
    ----------
    margin : float
        Size of a crop relative to the person's box, which is first extended to the aspect of the network's input.
    min_box_score : float
        Boxes of lower scores are left out.
    most : int
        Boxes of a picture, at most, the surest.
    suppress : float
        Somebody at least this similar to a surer one is the same person: mean over joints of RMPE's pose similarity,
        0 to 2.28. 2.28 keeps nearly all.
    crowd : bool
        All peaks of every crop are candidates, and each joint goes to one person, by the largest total weight: for
        networks that also see neighbours' joints.
    label : int
        Number of people's class in a file of boxes or of a detector; null is the usual one.
    size : int, pixels
        Sides of the input of a detector that takes any size.
    pixels : auto, unit, imagenet, bytes or bytes_bgr
        What a detector takes: 0 to 1, these by ImageNet's mean and deviation, or 0 to 255 in RGB or BGR; auto is what
        is usual for its kind of output.
    """

    margin: float = option(1.25, 1, 4)
    min_box_score: float = option(0.05, 0, 1)
    most: int = option(100, 1, 10_000)
    suppress: float = option(1.32, 0.01, MOST_ALIKE)
    crowd: bool = option(False)
    label: int | None = option(None, 0, 1_000_000)
    size: int = option(640, 32, 10_000)
    pixels: str = option("auto", among=PIXELS)

    def __post_init__(self) -> None:
        check(self, "crops")
