"""Colours of limbs and joints by name: warm on the left, cool on the right, pale on the midline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Light and dark alternate: neighbours differ in brightness too, for colour-blind readers and grey prints. Warm and cool
# stay distinct under every kind of colour blindness; red and green would not.
_SHADES = {
    "left": ((255, 196, 0), (255, 82, 30), (255, 144, 0), (255, 236, 130), (222, 40, 60)),
    "right": ((0, 196, 255), (36, 92, 255), (0, 146, 228), (110, 236, 255), (96, 72, 226)),
    "middle": ((250, 244, 255), (224, 186, 214), (196, 164, 178)),
}


def shade(parts: Sequence[Sequence[str]], near: Sequence[Sequence[str]] | None = None) -> np.ndarray:
    """uint8 (N, 3): each limb or joint gets the colour family of its side, in the shade least used around it.

    Mirrored parts have the same shade of their two families. By default, parts that share a joint are neighbours.
    """
    kinds: dict[tuple[bool, tuple[str, ...]], list[int]] = {}  # midline or sided, names without sides
    for n, part in enumerate(parts):
        kind = _side(part) == "middle", tuple(sorted(sideless(j) for j in part))
        kinds.setdefault(kind, []).append(n)
    chosen: dict[tuple[bool, tuple[str, ...]], int] = {}
    colors = np.zeros((len(parts), 3), np.uint8)
    for kind, members in kinds.items():
        around = set(kind[1]) if near is None else {sideless(j) for n in members for j in near[n]}
        families = [_SHADES[_side(parts[n])] for n in members]
        used = [0] * len(families[0])
        for other in chosen:
            if other[0] == kind[0] and around & set(other[1]):
                used[chosen[other]] += 1
        chosen[kind] = used.index(min(used))
        colors[members] = [family[chosen[kind]] for family in families]
    return colors


def sideless(name: str) -> str:
    return name.removeprefix("left_").removeprefix("right_")


def _side(names: Sequence[str]) -> str:
    sides = {side for j in names for side in ("left", "right") if j.startswith(f"{side}_")}
    return sides.pop() if len(sides) == 1 else "middle"
