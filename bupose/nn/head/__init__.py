"""Heads by name: one or several stages of maps from features."""

from __future__ import annotations

from collections.abc import Sequence

from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.nn.head.base import Head
from bupose.nn.head.cpm import CPMHead
from bupose.nn.head.cpn import CPNHead
from bupose.nn.head.higher import HigherHead
from bupose.nn.head.hourglass import HourglassHead
from bupose.nn.head.light import LightHead
from bupose.nn.head.movenet import MoveNetHead
from bupose.nn.head.occlusion import OcclusionHead
from bupose.nn.head.openpose2017 import OpenPose2017Head
from bupose.nn.head.openpose2019 import OpenPose2019Head
from bupose.nn.head.plain import PlainHead
from bupose.nn.head.regression import RegressionHead
from bupose.nn.head.stages import final_maps
from bupose.options import choose, from_dict

HEADS: dict[str, type[Head]] = {
    "openpose2017": OpenPose2017Head,
    "openpose2019": OpenPose2019Head,
    "light": LightHead,
    "plain": PlainHead,
    "movenet": MoveNetHead,
    "hourglass": HourglassHead,
    "cpm": CPMHead,
    "cpn": CPNHead,
    "higher": HigherHead,
    "occlusion": OcclusionHead,
    "regression": RegressionHead,
}

__all__ = ["HEADS", "Head", "build_head", "final_maps"]


def build_head(name: str, channels: int | Sequence[int], specs: Sequence[MapSpec], **options) -> Head:
    """Build the head of that name for ``channels`` features, or for levels of so many each, and the maps of ``specs``.

    Raises
    ------
    OptionsError
        No such head or option, an option out of its range, a map without rows, or levels for a head that reads none,
        and the other way round.
    """
    choose(name, HEADS, "head")
    empty = [spec.name for spec in specs if not spec.rows]
    if empty:
        raise OptionsError(f"a network needs something to say in its map {empty[0]!r}; give the skeleton limbs")
    head = HEADS[name]
    if head.reads_levels == isinstance(channels, int):
        other = (
            "reads a trunk's levels; choose trunk resnet with neck=levels"
            if head.reads_levels
            else ("reads one resolution; choose another neck than levels")
        )
        raise OptionsError(f"head {name!r} {other}")
    return head(channels, tuple(specs), from_dict(head.Options, options, f"head {name!r}"))
