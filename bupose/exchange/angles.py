"""Angles of joints and segments, declared by joint names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bupose.errors import OptionsError
from bupose.options import shown
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25
from bupose.wording import counted
from bupose.yaml_file import read_yaml

MEANS = dict(BODY25.derived)  # joints that are the mean of others: neck, mid_hip
AGAINST = ("vertical", "horizontal")
MOST = 256  # angles
_SIDES = ("left_", "right_")


def _both(name: str, *joints: str, **more: Any) -> dict[str, Any]:
    return {side + name: {"joints": [side + joint for joint in joints], **more} for side in _SIDES}


# What is measured unless a file says otherwise. At rest, upright, all are 0; flexion is positive.
USUAL: dict[str, Any] = {
    **_both("ankle", "knee", "ankle", "big_toe", zero=90),
    **_both("knee", "hip", "knee", "ankle", zero=180),
    **_both("hip", "shoulder", "hip", "knee", zero=180),
    **_both("shoulder", "hip", "shoulder", "elbow"),
    **_both("elbow", "shoulder", "elbow", "wrist", zero=180),
    **_both("shank", "ankle", "knee", against="vertical"),
    **_both("thigh", "knee", "hip", against="vertical"),
    "trunk": {"joints": ["mid_hip", "neck"], "against": "vertical"},
}


@dataclass(frozen=True)
class Angle:
    """An angle of a body.

    Parameters
    ----------
    name : str
    joints : two or three names
        Three: the angle at the second between the limbs to the others, 0 to 180 degrees. Two: the way from the first to
        the second against a direction. ``neck`` and ``mid_hip`` are means where the skeleton lacks them.
    against : "vertical" or "horizontal"
        Of two joints. Upright is 0, leaning to the right of the picture positive; or to the right is 0, upwards
        positive. -180 to 180 degrees.
    zero : float, degrees, optional
        Of three joints: what is measured is this less the angle, so that 180 gives flexion of a knee.
    """

    name: str
    joints: tuple[str, ...]
    against: str = ""
    zero: float | None = None

    @classmethod
    def declare(cls, name: str, values: object) -> Angle:
        """From a file's entry: a list of three joints, or a mapping.

        Raises
        ------
        OptionsError
            It is neither, or contradicts itself.
        """
        values = values if isinstance(values, Mapping) else {"joints": values}
        joints = values.get("joints")
        if not isinstance(joints, (list, tuple)) or not all(isinstance(joint, str) for joint in joints):
            raise OptionsError(
                f"the angle {name!r} has {shown(joints)} for joints; write [left_hip, left_knee, left_ankle]"
            )
        if unknown := set(values) - {"joints", "against", "zero"}:
            raise OptionsError(
                f"the angle {name!r} has {shown(min(map(str, unknown)))}; it may have joints, against, zero"
            )
        against, zero = values.get("against", ""), values.get("zero")
        if len(set(joints)) != len(joints) or len(joints) != (2 if against else 3):
            got = f"the angle {name!r} has {counted(len(joints), 'joint')}"
            raise OptionsError(f"{got}; give three different ones, or two and against: vertical")
        if against and against not in AGAINST:
            raise OptionsError(f"the angle {name!r} is against {shown(against)}; choose one of {', '.join(AGAINST)}")
        if zero is not None and (against or isinstance(zero, bool) or not isinstance(zero, (int, float))):
            raise OptionsError(f"the angle {name!r} has the zero {shown(zero)}; give degrees, to three joints only")
        return cls(name, tuple(joints), str(against), None if zero is None else float(zero))

    def measure(self, xy: np.ndarray, skeleton: Skeleton) -> np.ndarray:
        """float64 (…), degrees, of joints at ``xy`` (…, K, 2), pixels; NaN where a joint is absent or two coincide."""
        places = [_place(xy, skeleton, joint) for joint in self.joints]
        if self.against:
            x, y = np.moveaxis(places[1] - places[0], -1, 0)
            angle = np.arctan2(x, -y) if self.against == "vertical" else np.arctan2(0 - y, x)
            return np.degrees(np.where((x == 0) & (y == 0), np.nan, angle))
        (ax, ay), (bx, by) = (np.moveaxis(places[n] - places[1], -1, 0) for n in (0, 2))
        angle = np.degrees(np.abs(np.arctan2(ax * by - ay * bx, ax * bx + ay * by)))
        angle = np.where(((ax == 0) & (ay == 0)) | ((bx == 0) & (by == 0)), np.nan, angle)
        return angle if self.zero is None else self.zero - angle

    def is_of(self, skeleton: Skeleton) -> bool:
        """Whether the skeleton has its joints."""
        parts = {
            part
            for joint in self.joints
            for part in ([joint] if joint in skeleton.index else MEANS.get(joint, [joint]))
        }
        return parts <= set(skeleton.joints)


def angles_of(skeleton: Skeleton, path: str | None = None) -> list[Angle]:
    """The angles that a YAML file declares, or the usual ones whose joints the skeleton has.

    Raises
    ------
    OptionsError
        The file cannot be read, contradicts itself, or names joints that the skeleton lacks.
    """
    declared = USUAL if path is None else read_yaml(path, "file of angles", OptionsError)
    if not isinstance(declared, Mapping) or not 0 < len(declared) <= MOST:
        raise OptionsError(f"{shown(path, 300)} declares no angles; write NAME: [joint, joint, joint] in each line")
    angles = [Angle.declare(str(name), values) for name, values in declared.items()]
    fitting = [angle for angle in angles if angle.is_of(skeleton)]
    if path is not None and (other := next((angle for angle in angles if angle not in fitting), None)):
        has = ", ".join(skeleton.joints)
        raise OptionsError(f"the angle {other.name!r} is of {', '.join(other.joints)}; the skeleton has {has}")
    if not fitting:
        raise OptionsError(
            "the skeleton has none of the usual angles' joints; declare its own by write.angles=FILE.yaml"
        )
    return fitting


def measure_angles(xy: np.ndarray, skeleton: Skeleton, angles: Sequence[Angle]) -> np.ndarray:
    """float64 (…, A), degrees, of joints at ``xy`` (…, K, 2), pixels; NaN where a joint is absent."""
    return np.stack([angle.measure(np.asarray(xy, np.float64), skeleton) for angle in angles], -1)


def _place(xy: np.ndarray, skeleton: Skeleton, joint: str) -> np.ndarray:
    if joint in skeleton.index:
        return xy[..., skeleton.index[joint], :]
    return xy[..., [skeleton.index[part] for part in MEANS[joint]], :].mean(-2)
