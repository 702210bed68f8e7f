"""The output of a head's stages.

A stage's output is a dict of map names to raw channels, float (B, C, h, w): those of :class:`bupose.maps.MapSpec`, row
by row, of a PAF the channels 2l (x) and 2l + 1 (y) of limb l. ``heat`` may have one more, the background, last. A stage
that refines only some maps leaves the others out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from bupose.maps import MapSpec

Stage = dict[str, Tensor]


def final_maps(stages: Sequence[Mapping[str, Tensor]], specs: Sequence[MapSpec]) -> tuple[Tensor, ...]:
    """Each map of the last stage that has it, float32 (B, rows, …, h, w), without background."""
    maps = []
    for spec in specs:
        raw = [stage[spec.name] for stage in stages if spec.name in stage][-1]
        shape = [n or 1 for n in spec.shape]
        raw = raw[:, : spec.channels].float()
        maps.append(raw.unflatten(1, shape) if len(shape) > 1 else raw)
    return tuple(maps)
