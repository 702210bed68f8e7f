"""Annotated videos: keypoints with ids in COCO's or PoseTrack's form, and MOTChallenge's boxes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from bupose.annotations import read
from bupose.annotations.reader import Annotations
from bupose.errors import LabelsError
from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.pck import HEAD_FACTOR
from bupose.evaluate.reading import ground_truth
from bupose.evaluate.tracking import mot
from bupose.evaluate.tracking.tracks import TrueTracks, Truth
from bupose.evaluate.undeclared import Undeclared
from bupose.skeleton import Skeleton

NEVER_LABELLED = ("left_ear", "right_ear")  # in PoseTrack, though listed: its evaluation has 15 joints


def read_truth(
    annotations: str | Path | Mapping | Annotations,
    *,
    skeleton: str | Path | Skeleton | None = None,
    category: str | int | None = None,
) -> Truth:
    """Read annotated videos.

    Parameters
    ----------
    annotations : path, content or Annotations
        MOTChallenge's ``gt.txt``, or keypoints with a ``track_id`` in any format of :mod:`bupose.annotations`, of one
        video or several, also a folder of PoseTrack's files.
    skeleton, category
        As for :func:`bupose.evaluate.read_ground_truth`.

    Raises
    ------
    InputError
        No such file, or another format.
    LabelsError
        It is inconsistent, or has no ids; the message names the place.
    """
    if mot.is_mot(annotations):
        return mot.read_truth(annotations)
    found = annotations if isinstance(annotations, Annotations) else read(annotations, category=category)
    if found.track_ids is None:
        raise LabelsError(f"{found.name} does not say who is who; give annotations with a track_id")
    truth = ground_truth(found, skeleton)
    absent = NEVER_LABELLED if found.kind == "posetrack" else ()
    places = [k for k, joint in enumerate(truth.joints) if joint not in absent]
    videos = _videos(found)
    return Truth(
        [_one_video(name, rows, found, truth, places) for name, rows in videos.items()],
        tuple(truth.joints[k] for k in places),
        truth.file_joints,
        truth.sigmas[places],
        truth.notes,
    )


def fitting_protocol(found: str | Path | Annotations) -> str:
    """How annotations are meant to be evaluated.

    "mot" for MOTChallenge's file, "posetrack" for PoseTrack's with ids and heads' boxes, "auto" for others, whose
    pictures are taken one by one.
    """
    if not isinstance(found, Annotations):
        return "mot"
    fits = found.kind == "posetrack" and found.track_ids is not None and np.isfinite(found.head_box).any()
    return "posetrack" if fits else "auto"


def _videos(found: Annotations) -> dict[str, list[int]]:
    """Each video's name, and the indices of its labelled pictures."""
    videos: dict[str, list[int]] = {}
    for n, image in enumerate(found.images):
        videos.setdefault(video_of(image), []).append(n)
    return videos


def video_of(image: Mapping) -> str:
    """The video that a picture is of: by PoseTrack's ``vid_id``, else by its folder."""
    if image.get("vid_id") is not None:
        return str(image["vid_id"])
    return PurePosixPath(image["file_name"].replace("\\", "/")).parent.name or "video"


def _one_video(name: str, pictures: list[int], found: Annotations, truth: GroundTruth, places: list[int]) -> TrueTracks:
    """The labelled frames of one video."""
    assert found.track_ids is not None
    place = np.full(len(found.images), -1)
    place[pictures] = np.arange(len(pictures))
    row = place[found.row]
    people = np.flatnonzero((row >= 0) & ~found.table.crowd)
    labelled: np.ndarray = truth.visibility[people] > 0
    xy = truth.xy[people]
    if found.kind == "posetrack":  # hidden joints are labelled, with a place and visibility 0 (poseval, to_old)
        labelled |= (xy != 0).any(2)
    labelled = labelled[:, places]
    regions: dict[int, list[np.ndarray]] = {}
    for n in np.flatnonzero((row >= 0) & found.table.crowd):
        regions.setdefault(int(row[n]), []).extend(ring + 0.5 for ring in found.outlines[n].rings)  # as in the file
    return TrueTracks(
        name=name,
        frames=tuple(found.images[n]["id"] for n in pictures),
        row=row[people],
        ids=found.track_ids[people].astype(np.int64),
        box=truth.box[people],
        xy=np.where(labelled[..., None], xy[:, places], np.nan),
        score=np.ones(labelled.shape),
        area=truth.area[people],
        head=HEAD_FACTOR * np.hypot(*truth.head_box[people, 2:].T),
        distractor=np.logical_not(labelled.any(1)),
        regions={n: Undeclared(rings) for n, rings in regions.items()},
        pictures=tuple((one["id"], one["file_name"]) for one in found.every_image if video_of(one) == name),
    )
