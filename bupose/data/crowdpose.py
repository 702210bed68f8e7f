"""CrowdPose (Li et al. 2019): COCO's format with 14 joints, crowded scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bupose.data.coco import PhotosOptions, build_photos, find_category, read_json
from bupose.data.photos import Photos


@dataclass
class CrowdPoseOptions(PhotosOptions):
    """CrowdPose's annotation file; with a skeleton that derives the neck from the shoulders, that neck is given."""

    skeleton: Any = "crowdpose14"


def read_crowdpose(options: CrowdPoseOptions) -> Photos:
    """Photos of CrowdPose; errors are those of :func:`bupose.data.coco.read_coco`."""
    data = read_json(options)
    category = find_category(data, options)
    return build_photos(
        options, data["images"], data["annotations"], category["keypoints"], category, {"head": "top_head"}
    )
