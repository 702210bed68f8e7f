"""What one stage of a head says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor


class StageOutput(NamedTuple):
    """Raw channels of one stage; a stage that refines only one kind leaves the other None.

    ``heat`` is (B, K, h, w), or (B, K + 1, h, w) with the background last; ``paf`` is (B, 2L, h, w): limb l is the
    channels 2l (x) and 2l + 1 (y).
    """

    heat: Tensor | None
    paf: Tensor | None


def final_fields(stages: Sequence[StageOutput], joints: int, limbs: int) -> tuple[Tensor, Tensor]:
    """The last heatmaps (B, K, h, w), without background, and the last PAFs (B, L, 2, h, w), float32."""
    heat = [stage.heat for stage in stages if stage.heat is not None][-1]
    paf = [stage.paf for stage in stages if stage.paf is not None][-1]
    return heat[:, :joints].float(), paf.float().unflatten(1, (limbs, 2))
