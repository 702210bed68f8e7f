"""Ground truth from the samples of a data set, for validation in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from bupose import geometry
from bupose.data.picture import AnnotatedPhoto, picture_of
from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.reading import Ignored, complete, whole_picture
from bupose.evaluate.undeclared import Undeclared


def ground_truth_of_samples(samples, count: int) -> GroundTruth:
    """Ground truth of the first ``count`` samples; image ids are their indices, from 0.

    Parameters
    ----------
    samples : sequence of samples
        Crowds, people without joints, unannotated regions and photos with unannotated people are treated as in an
        evaluation of the annotation file.
    count : int
    """
    skeleton, images, image_ids, labels, ignored = samples.skeleton, {}, [], [], []
    for n in range(count):
        picture = picture_of(samples, n)
        width, height = picture.size
        images[n] = {"id": n, "file_name": picture.name, "width": width, "height": height}
        image_ids += [n] * len(picture.labels)
        labels.append(picture.labels)
        ignored += _ignored(picture, n)
    place, people, k = {j: k for k, j in enumerate(skeleton.joints, 1)}, len(image_ids), len(skeleton.joints)
    category = {"id": 1, "name": "person", "keypoints": list(skeleton.joints)}
    category["skeleton"] = [[place[a], place[b]] for a, b in skeleton.limbs]
    shapes = {"xy": (k, 2), "visibility": (k,), "area": (), "box": (4,)}
    arrays: dict[str, Any] = {
        name: np.concatenate([np.zeros((0, *shape)), *(getattr(one, name) for one in labels)])
        for name, shape in shapes.items()
    }
    truth = GroundTruth(
        joints=skeleton.joints,
        sigmas=np.zeros(0),
        images=images,
        category=category,
        image_ids=tuple(image_ids),
        crowd=np.zeros(people, bool),
        head_box=np.full((people, 4), np.nan),
        undeclared=(None,) * people,
        file_joints=skeleton.joints,
        **arrays,
    )
    return complete(truth, ignored)


def _ignored(picture, image_id: int) -> list[Ignored]:
    """The ignore regions of a picture."""
    if not isinstance(picture, AnnotatedPhoto):
        mask = picture.ignore(geometry.IDENTITY, picture.size)
        if mask is None or not mask.any():
            return []
        return [Ignored(image_id, (0, 0, *picture.size), int(mask.sum()), True, Undeclared(mask=mask))]
    places = []
    for box, area, crowd, rings in picture.regions():
        places.append(Ignored(image_id, box, area, crowd, None if rings is None else Undeclared(rings)))
    if picture.unlisted:
        places.append(whole_picture(image_id, picture.size, picture.labels.box))
    return places
