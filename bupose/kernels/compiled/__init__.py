"""Kernels for decoding and encoding in numba: arrays and scalars in, arrays out.

Arrays are C-contiguous and writable float32 / int32 / bool, finite; positions are in cells, (x, y). The slow, simple
twin of each function, which is its specification, is in ``bupose.kernels.reference``.
"""

from bupose.kernels.compiled.assembly import assemble_people
from bupose.kernels.compiled.centre import keep_highest, pair_with_peaks, search_heat
from bupose.kernels.compiled.limbs import follow_field, pair_joints, score_limbs
from bupose.kernels.compiled.lines import complete_people, project_line, sample_field
from bupose.kernels.compiled.listing import list_people, rank_people
from bupose.kernels.compiled.matching import match_greedy, match_hungarian
from bupose.kernels.compiled.order import heaviest_first
from bupose.kernels.compiled.painting import paint_heat, paint_limbs
from bupose.kernels.compiled.peaks import find_peaks, refine_peaks, smooth
from bupose.kernels.compiled.people import box_joints, find_duplicates, find_overlong, group_people, measure_people
from bupose.kernels.compiled.scoring import (
    collect_evidence,
    drop_joints,
    expected_similarity,
    score_people,
    weigh_people,
)
from bupose.kernels.compiled.tags import find_tagged, group_tags

__all__ = [
    "assemble_people",
    "box_joints",
    "collect_evidence",
    "complete_people",
    "drop_joints",
    "expected_similarity",
    "find_duplicates",
    "find_overlong",
    "find_peaks",
    "find_tagged",
    "follow_field",
    "group_people",
    "group_tags",
    "heaviest_first",
    "keep_highest",
    "list_people",
    "match_greedy",
    "match_hungarian",
    "measure_people",
    "paint_heat",
    "paint_limbs",
    "pair_joints",
    "pair_with_peaks",
    "project_line",
    "rank_people",
    "refine_peaks",
    "sample_field",
    "score_limbs",
    "score_people",
    "search_heat",
    "smooth",
    "weigh_people",
]
