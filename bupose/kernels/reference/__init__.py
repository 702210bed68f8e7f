"""The specification of ``bupose.kernels.compiled``: the same names and signatures in NumPy and plain loops, slow and
simple.

It also runs where numba is missing, or when ``BUPOSE_KERNELS=reference`` asks for it.
"""

from bupose.kernels.reference.assembly import assemble_people
from bupose.kernels.reference.centre import keep_highest, pair_with_peaks, search_heat
from bupose.kernels.reference.limbs import follow_field, pair_joints, score_limbs
from bupose.kernels.reference.lines import complete_people, project_line, project_samples, sample_field
from bupose.kernels.reference.listing import list_people, rank_people
from bupose.kernels.reference.matching import match_greedy, match_hungarian
from bupose.kernels.reference.order import heaviest_first
from bupose.kernels.reference.painting import paint_heat, paint_limbs
from bupose.kernels.reference.peaks import find_peaks, refine_peaks, smooth
from bupose.kernels.reference.people import box_joints, find_duplicates, find_overlong, group_people, measure_people
from bupose.kernels.reference.scoring import (
    collect_evidence,
    drop_joints,
    expected_similarity,
    score_people,
    weigh_people,
)
from bupose.kernels.reference.tags import find_tagged, group_tags

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
    "project_samples",
    "rank_people",
    "refine_peaks",
    "sample_field",
    "score_limbs",
    "score_people",
    "search_heat",
    "smooth",
    "weigh_people",
]
