"""Average precision of the parts of a body: feet, face, hands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.oks import run_coco_eval, summarize


def part_ap(results: Sequence[Mapping], truth: GroundTruth) -> dict[str, dict[str, float]]:
    """COCO's ten metrics for each part, in percent; empty if all joints are one part.

    Parameters
    ----------
    results : sequence of dicts
        From :func:`bupose.evaluate.read_results`.
    truth : GroundTruth

    Notes
    -----
    As COCO-WholeBody's evaluation (jin-s13/COCO-WholeBody, evaluation/myeval_foot.py and its like): object keypoint
    similarity of the part's joints with the area of the whole person, ranked by the part's score. People without
    labelled joints of the part are ignored, and predictions without joints of it do not count.
    """
    found = {}
    for part, numbers in truth.parts:
        mine = []
        for result in results:
            triples = np.reshape(result["keypoints"], (-1, 3))[list(numbers)]
            if (triples[:, 2] > 0).any():
                score = result["part_scores"][part]
                mine.append({**result, "score": score, "keypoints": triples.reshape(-1).tolist()})
        found[part] = summarize(run_coco_eval(mine, truth.only_joints(numbers)))
    return found
