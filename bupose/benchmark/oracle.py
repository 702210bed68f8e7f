"""What the annotations would make of a network's peaks: how much is left to the choice among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bupose.evaluate import GroundTruth
from bupose.evaluate.oks import keypoint_similarity


def choose_by_truth(peaks: Mapping[int, tuple[np.ndarray, np.ndarray]], truth: GroundTruth) -> list[dict]:
    """COCO results of everybody annotated, each labelled joint at the nearest peak of its kind.

    Parameters
    ----------
    peaks : mapping of image id to (int array (N,), float array (N, 2))
        Of each peak its joint, counted as in ``truth``, and its place in the picture, pixels.
    truth : GroundTruth
    """
    chosen = []
    for n in np.flatnonzero(truth.person):
        joint, xy = peaks[truth.image_ids[n]]
        triples, squared = np.zeros((len(truth.joints), 3)), np.full(len(truth.joints), np.inf)
        for k in np.flatnonzero(truth.present[n]):
            mine = xy[joint == k]
            if len(mine):
                away = ((mine - truth.xy[n, k]) ** 2).sum(1)
                triples[k], squared[k] = (*mine[away.argmin()], 1), away.min()
        score = keypoint_similarity(squared, truth.area[n], truth.sigmas).sum() / truth.present[n].sum()
        chosen.append({"image_id": truth.image_ids[n], "category_id": truth.category["id"],
                       "keypoints": triples.reshape(-1).tolist(), "score": float(score)})  # fmt: skip
    return chosen
