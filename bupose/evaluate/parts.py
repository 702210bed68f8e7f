"""Average precision of the parts of a body: feet, face, hands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.oks import run_coco_eval, summarize


def part_ap(results: Sequence[Mapping], truth: GroundTruth) -> dict[str, dict[str, float]]:
    """COCO's ten numbers for each part, in percent; nothing where all joints are one part.

    Parameters
    ----------
    results : sequence of dicts
        As :func:`bupose.evaluate.read_results` gives them.
    truth : GroundTruth

    Notes
    -----
    As COCO-WholeBody's evaluation (jin-s13/COCO-WholeBody, evaluation/myeval_foot.py and its like): object keypoint
    similarity of the part's joints with the area of the whole person, ranked by the part's score. People without a
    labelled joint of it are to be ignored, and a prediction without any joint of it is none.
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
