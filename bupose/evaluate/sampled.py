"""What the pictures of a data set show, as truth: what training is taught is what validation asks for."""

from __future__ import annotations

import numpy as np

from bupose import geometry
from bupose.data.picture import AnnotatedPhoto, picture_of
from bupose.evaluate.regions import Undeclared
from bupose.evaluate.truth import Truth, make_entry, make_truth, whole_picture
from bupose.skeleton import Skeleton


def truth_of_samples(samples, count: int) -> Truth:
    """Truth of the first ``count`` samples; the ids of its images are their numbers, from 0.

    Parameters
    ----------
    samples : sequence of samples
        Crowds, people without joints, regions that a set declares as not annotated and photos that hold unlisted
        people count as in an evaluation of the set's file.
    count : int
    """
    skeleton, images, entries = samples.skeleton, {}, []
    for n in range(count):
        picture = picture_of(samples, n)
        width, height = picture.size
        images[n] = {"id": n, "file_name": picture.name, "width": width, "height": height}
        labels = picture.labels
        for p in range(len(labels)):
            entries.append(make_entry(n, 1, labels.xy[p], labels.visibility[p], labels.area[p], labels.box[p]))
        entries += _ignored(picture, n, skeleton)
    place = {j: k for k, j in enumerate(skeleton.joints, 1)}
    category = {"id": 1, "name": "person", "keypoints": list(skeleton.joints)}
    category["skeleton"] = [[place[a], place[b]] for a, b in skeleton.limbs]
    return make_truth(skeleton.joints, images, entries, category)


def _ignored(picture, image_id: int, skeleton: Skeleton) -> list[dict]:
    """The entries of what is ignored in a picture."""
    nothing = np.zeros((len(skeleton.joints), 2)), np.zeros(len(skeleton.joints))
    if not isinstance(picture, AnnotatedPhoto):
        mask = picture.ignore(geometry.IDENTITY, picture.size)
        if mask is None or not mask.any():
            return []
        return [make_entry(image_id, 1, *nothing, mask.sum(), (0, 0, *picture.size), True, Undeclared(mask=mask))]
    entries = []
    for box, area, crowd, rings in picture.regions():
        region = None if rings is None else Undeclared(rings)
        entries.append(make_entry(image_id, 1, *nothing, area, box, crowd, region))
    if picture.unlisted:
        entries.append(whole_picture(image_id, 1, len(skeleton.joints), picture.size, picture.labels.box))
    return entries
