"""CrowdPose (Li et al. 2019): COCO's form, with 14 joints and each picture's ``crowdIndex``."""

from __future__ import annotations

from bupose.annotations.formats.base import MMPOSE_SERVER, AnnotationReader, Archive, Source, joint_lists
from bupose.annotations.formats.coco import check_coco
from bupose.skeletons import CROWDPOSE14

_ALIASES = {"head": "top_head"}


def _recognises(data) -> bool:
    return any({_ALIASES.get(n, n) for n in names} == set(CROWDPOSE14.joints) for names in joint_lists(data))


CROWDPOSE = AnnotationReader(
    check_coco,
    _recognises,
    aliases=_ALIASES,
    own_middle=True,
    skeleton="crowdpose14",
    source=Source(
        "none stated for the annotations; photos from COCO, MPII and AI Challenger, for research",
        {"annotations": Archive(MMPOSE_SERVER + "crowdpose_annotations.tar")},
        "photos: the Google Drive link at github.com/Jeff-sjtu/CrowdPose (images.zip, 2 GB)",
    ),
)
