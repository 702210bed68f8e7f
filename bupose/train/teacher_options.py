"""Options of teacher networks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bupose.errors import OptionsError
from bupose.options import check, option, shown
from bupose.wording import counted

COMBINATIONS = ("mix", "max")
WAYS = ("maps", "people")


@dataclass
class TeacherOptions:
    """Teacher networks (distillation).

    Parameters
    ----------
    weights : list of paths or names
        bupose networks, also exported ones (in 8 bits the fastest on a CPU); several are averaged. None: labels only.
    through : "maps" or "people"
        Maps of the same names as the student's; or the people that the teacher finds, which become labels, so that its
        method may be another.
    share : float in [0, 1]
        Of "mix": weight of the teacher where both are known; 1 is the teacher alone.
    combine : "mix" or "max"
        Weighted mean of labels and teacher; or the stronger of the two, so that teachers add to labels.
    mirror : bool
        Average each teacher over the crop and its mirror image.
    scales : list of float
        Factors by which crops are enlarged for teachers, which are averaged over them.
    draw : bool
        A teacher sees each batch once, in one of these ways drawn at random, instead of in all of them: the same mean
        over the steps, in a fraction of the time. Of maps alone.
    shift : x, y of each teacher in turn, or one x, y for all; px
        Offset of a teacher's maps: for teachers with systematically displaced joints.
    itself : float in [0, 1)
        Decay of the moving average of the network's own weights, which teaches it, too (mean teacher): for photos
        without labels. 0 is none.
    ramp : int, steps
        Over which that average's influence rises.
    """

    weights: list[str] = option(list, path=True)
    through: str = option("maps", among=WAYS)
    share: float = option(0.5, 0, 1)
    combine: str = option("mix", among=COMBINATIONS)
    mirror: bool = option(False)
    scales: tuple[float, ...] = option((1.0,), 0.1, 4)
    draw: bool = option(False)
    shift: tuple[float, ...] = option((0.0, 0.0), -100, 100)
    itself: float = option(0.0, 0, 0.999999)
    ramp: int = option(1000, 0, 100_000_000)

    def __post_init__(self) -> None:
        check(self, "teacher")
        if not self.scales:
            raise OptionsError("teacher.scales is empty; give at least one factor, as in [1]")
        if self.itself and self.weights:
            raise OptionsError("teacher.itself is the network's own average; give that or teacher.weights, not both")
        if self.through == "people" and (self.combine == "max" or self.itself or self.draw):
            raise OptionsError(
                "teacher.through=people has no teacher.combine=max, teacher.itself and teacher.draw; leave them out"
            )
        if len(self.shift) not in (2, 2 * len(self.weights)):
            raise OptionsError(
                f"teacher.shift is {shown(self.shift)}; give [x,y], or x and y of each of the "
                f"{counted(len(self.weights), 'teacher')} in turn"
            )

    def shifts(self, teachers: int) -> list[tuple[float, float]]:
        """The (x, y) of each teacher."""
        pairs = list(zip(self.shift[::2], self.shift[1::2], strict=True))
        return pairs * teachers if len(pairs) == 1 else pairs

    def strength(self, step: int) -> float:
        """Influence of the network's own average at a step, in [0, 1].

        Notes
        -----
        exp(−5 (1 − t)²), Tarvainen and Valpola 2017, section 3.
        """
        return math.exp(-5 * (1 - min(step / self.ramp, 1)) ** 2) if self.itself and self.ramp else 1.0
