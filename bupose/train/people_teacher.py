"""Distillation through people: whom trained networks of any method find, as labels for a student of any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from bupose import weights
from bupose.errors import OptionsError
from bupose.methods import Codec
from bupose.methods.painting import stack
from bupose.nn import PoseNet
from bupose.people import Labels, People
from bupose.runtimes.network import Network
from bupose.train.teacher_options import TeacherOptions

if TYPE_CHECKING:
    from bupose.estimate import Estimator

_AROUND = 0.1  # of a box, on each side: joints are inside a body


class PeopleTeacher:
    """The people of trained networks, encoded for a student.

    Parameters
    ----------
    nets : sequence of PoseNet, paths of network files, or exported networks
    codec : Codec
        The student's.
    options : TeacherOptions

    Raises
    ------
    OptionsError
        A teacher has none of the student's joints.
    """

    strength = 1.0

    def __init__(self, nets: Sequence[PoseNet | Network | Path], codec: Codec, options: TeacherOptions):
        self.codec, self.options, self._nets = codec, options, list(nets)
        self._estimators: list[Estimator] = []
        self._known: list[dict[str, float]] = []

    @classmethod
    def load(cls, codec: Codec, options: TeacherOptions) -> PeopleTeacher:
        """With the networks of the options."""
        return cls([weights.resolve(path) for path in options.weights], codec, options)

    def __deepcopy__(self, memo) -> PeopleTeacher:
        return self  # averaged copies of a module share it

    def batches(self, batch: Mapping[str, Tensor], images: Tensor) -> list[tuple[float, Mapping[str, Tensor]]]:
        """What the network learns from, and how much of its loss counts: the labels, and each teacher's people."""
        several = self.targets(images)
        share = self.options.share / len(several)
        return [(1 - self.options.share, batch), *((share, one) for one in several)]

    @torch.no_grad()
    def targets(self, images: Tensor) -> list[dict[str, Tensor]]:
        """Of each teacher the targets of its people in uint8 RGB images (B, 3, H, W), as a batch has them.

        A person's cells weigh as much as its score; joints that the teacher does not know weigh nothing.
        """
        pictures = list(images.to("cpu", torch.uint8).permute(0, 2, 3, 1).contiguous().numpy())
        self._start(images)
        shifts, found = self.options.shifts(len(self._estimators)), []
        for estimator, known, shift in zip(self._estimators, self._known, shifts, strict=True):
            drawn = [self._draw(people, np.array(shift), images.shape[2:]) for people in estimator(pictures)]
            arrays = {name: torch.from_numpy(stack([one[name] for one in drawn])) for name in drawn[0]}
            for spec in () if all(known.values()) else self.codec.specs:
                rows = torch.tensor([known.get(row, 1.0) for row in spec.rows]).expand(len(drawn), -1)
                arrays[f"{spec.name}_known"] = rows * arrays.get(f"{spec.name}_known", 1.0)
            found.append({name: array.to(images.device) for name, array in arrays.items()})
        return found

    def _start(self, images: Tensor) -> None:
        """Estimators on the device and of the size of the images, and which joints and limbs each knows, by name."""
        from bupose.estimate import Estimator  # the training core works without OpenCV

        o = self.options
        for net in self._nets[len(self._estimators) :]:
            estimator = Estimator(
                net, height=images.shape[2], flip=o.mirror, scales=o.scales, device=str(images.device),
                threads=torch.get_num_threads(),
            )  # fmt: skip
            skeleton, wanted = estimator.codec.skeleton, self.codec.skeleton
            k = len(skeleton.joints)
            whole = People(np.zeros((1, k, 2)), np.ones((1, k)), np.ones(1), skeleton).to(wanted).present[0]
            if not whole.any():
                raise OptionsError(
                    f"the teacher's skeleton {skeleton.name!r} has none of the student's joints; choose another"
                )
            known = dict(zip(wanted.joints, whole.astype(float).tolist(), strict=True))
            self._known.append(known | {f"{a}-{b}": known[a] * known[b] for a, b in wanted.limbs})
            self._estimators.append(estimator)

    def _draw(self, people: People, shift: np.ndarray, sides: Sequence[int]) -> dict[str, np.ndarray]:
        """The targets of one picture."""
        people, size = people.to(self.codec.skeleton), (sides[1], sides[0])
        seen = 2 - (np.zeros_like(people.present) if people.hidden is None else people.hidden)
        labels = Labels(np.nan_to_num(people.xy + shift), people.present * seen, self.codec.skeleton)
        sure = self._sureness(labels.box, people.person_score, size)
        arrays = self.codec.encode(labels, size).arrays
        return {name: array * sure if name.endswith("weight") else array for name, array in arrays.items()}

    def _sureness(self, boxes: np.ndarray, scores: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """float32 (h, w): the score of the surest person whose box covers a cell, 1 where there is nobody."""
        grid = self.codec.grid
        sure = np.ones(grid.shape(*size), np.float32)
        for n in np.argsort(scores):
            corner, sides = boxes[n, :2], boxes[n, 2:]
            low = np.floor(grid.to_cells(corner - _AROUND * sides)).astype(int).clip(min=0)
            high = np.ceil(grid.to_cells(corner + (1 + _AROUND) * sides)).astype(int).clip(min=-1) + 1
            sure[low[1] : high[1], low[0] : high[0]] = min(scores[n], 1)
        return sure
