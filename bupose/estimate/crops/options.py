"""Options of people found one by one."""

from __future__ import annotations

from dataclasses import dataclass

from bupose.options import check, option

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
        Number of people's class in a file of boxes; null is the usual one.
    """

    margin: float = option(1.25, 1, 4)
    min_box_score: float = option(0.05, 0, 1)
    most: int = option(100, 1, 10_000)
    suppress: float = option(1.32, 0.01, MOST_ALIKE)
    crowd: bool = option(False)
    label: int | None = option(None, 0, 1_000_000)

    def __post_init__(self) -> None:
        check(self, "crops")
