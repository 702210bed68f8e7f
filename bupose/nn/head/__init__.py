"""Heads by name: one or several stages of maps from features."""

from __future__ import annotations

from collections.abc import Sequence

from bupose.errors import OptionsError
from bupose.maps import MapSpec
from bupose.nn.head.base import Head
from bupose.nn.head.light import LightHead
from bupose.nn.head.movenet import MoveNetHead
from bupose.nn.head.openpose2017 import OpenPose2017Head
from bupose.nn.head.openpose2019 import OpenPose2019Head
from bupose.nn.head.plain import PlainHead
from bupose.nn.head.stages import final_maps
from bupose.options import choose, from_dict

HEADS: dict[str, type[Head]] = {
    "openpose2017": OpenPose2017Head,
    "openpose2019": OpenPose2019Head,
    "light": LightHead,
    "plain": PlainHead,
    "movenet": MoveNetHead,
}

__all__ = ["HEADS", "Head", "build_head", "final_maps"]


def build_head(name: str, channels: int, specs: Sequence[MapSpec], **options) -> Head:
    """Build the head of that name for ``channels`` features and the maps of ``specs``.

    Raises
    ------
    OptionsError
        No such head or option, an option out of its range, or a map without rows.
    """
    choose(name, HEADS, "head")
    empty = [spec.name for spec in specs if not spec.rows]
    if empty:
        raise OptionsError(f"a network needs something to say in its map {empty[0]!r}; give the skeleton limbs")
    head = HEADS[name]
    return head(channels, tuple(specs), from_dict(head.Options, options, f"head {name!r}"))
