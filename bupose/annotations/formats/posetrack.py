"""PoseTrack18 (Andriluka et al. 2018) and PoseTrack21 (Doering et al. 2022): COCO's form, one file or one a video."""

from __future__ import annotations

from collections.abc import Mapping

from bupose.annotations.formats.base import MMPOSE_SERVER, AnnotationReader, Archive, Source, joint_lists
from bupose.annotations.formats.coco import check_coco


def _recognises(data) -> bool:
    images = data.get("images") if isinstance(data, Mapping) else None
    if isinstance(images, list) and any(isinstance(i, Mapping) and {"is_labeled", "vid_id"} & set(i) for i in images):
        return True
    return any("head_bottom" in names for names in joint_lists(data))


def _convert(data, name: str) -> Mapping:
    """With the heads' boxes under the name that is bupose's, where they have a size."""
    content = check_coco(data, name)
    if not isinstance(content["annotations"], list):
        return content
    return {**content, "annotations": [_with_head(one) for one in content["annotations"]]}


def _with_head(annotation):
    box = annotation.get("bbox_head") if isinstance(annotation, Mapping) else None
    known = isinstance(box, list) and len(box) == 4 and all(isinstance(v, (int, float)) for v in box)
    return {**annotation, "head_box": box} if known and min(box[2:]) > 0 else annotation


POSETRACK = AnnotationReader(
    _convert,
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
