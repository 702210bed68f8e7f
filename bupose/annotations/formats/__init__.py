"""Formats of data sets, each declared in its own file."""

from __future__ import annotations

from bupose.annotations.formats.aichallenger import AICHALLENGER
from bupose.annotations.formats.base import AnnotationReader
from bupose.annotations.formats.coco import COCO
from bupose.annotations.formats.coco_wholebody import COCO_WHOLEBODY_SET
from bupose.annotations.formats.crowdpose import CROWDPOSE
from bupose.annotations.formats.dlc import DLC
from bupose.annotations.formats.mpii import MPII
from bupose.annotations.formats.ochuman import OCHUMAN
from bupose.annotations.formats.posetrack import POSETRACK
from bupose.annotations.formats.sleap import SLEAP
from bupose.annotations.formats.webdataset import WEBDATASET

FORMATS: dict[str, AnnotationReader] = {
    "coco": COCO,
    "coco_wholebody": COCO_WHOLEBODY_SET,
    "crowdpose": CROWDPOSE,
    "ochuman": OCHUMAN,
    "posetrack": POSETRACK,
    "mpii": MPII,
    "aichallenger": AICHALLENGER,
    "dlc": DLC,
    "sleap": SLEAP,
    "webdataset": WEBDATASET,
}


def guess_format(data) -> str:
    """Which of ``FORMATS`` a file's content is; unknown content is left to ``coco`` to refuse."""
    return next((name for name, reader in FORMATS.items() if reader.recognises(data)), "coco")
