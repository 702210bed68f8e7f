"""Formats of poses, each in its own file."""

from __future__ import annotations

from bupose.exchange.formats.angles import ANGLES
from bupose.exchange.formats.base import Format
from bupose.exchange.formats.coco import COCO
from bupose.exchange.formats.dlc import DLC
from bupose.exchange.formats.nwb import NWB
from bupose.exchange.formats.openpifpaf import OPENPIFPAF
from bupose.exchange.formats.openpose import OPENPOSE
from bupose.exchange.formats.opensim import MOT, TRC
from bupose.exchange.formats.shards import SHARDED
from bupose.exchange.formats.sleap import SLEAP

# In the order of recognition.
FORMATS: dict[str, Format] = {
    "openpifpaf": OPENPIFPAF,
    "openpose": OPENPOSE,
    "coco": COCO,
    "dlc": DLC,
    "sleap": SLEAP,
    "nwb": NWB,
    "shards": SHARDED,
    "angles": ANGLES,
    "trc": TRC,
    "mot": MOT,
}
