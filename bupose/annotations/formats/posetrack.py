"""PoseTrack18 (Andriluka et al. 2018): COCO's form, a file for each video or one of all."""

from __future__ import annotations

from collections.abc import Mapping

from bupose.annotations.formats.base import MMPOSE_SERVER, AnnotationReader, Archive, Source, joint_lists
from bupose.annotations.formats.coco import check_coco


def _recognises(data) -> bool:
    images = data.get("images") if isinstance(data, Mapping) else None
    if isinstance(images, list) and any(isinstance(i, Mapping) and {"is_labeled", "vid_id"} & set(i) for i in images):
        return True
    return any("head_bottom" in names for names in joint_lists(data))


POSETRACK = AnnotationReader(
    check_coco,
    _recognises,
    aliases={"head_bottom": "neck", "head_top": "top_head"},  # the ears, though listed, are never labelled
    own_middle=True,
    only_seen=True,
    source=Source(
        "non-commercial research",
        {"annotations": Archive(MMPOSE_SERVER + "posetrack18_annotations.tar")},
        "frames: posetrack.net, after signing up (about 80 GB)",
    ),
)
