"""Formats of poses, each in its own file."""

from __future__ import annotations

from bupose.exchange.formats.base import Format
from bupose.exchange.formats.coco import COCO
from bupose.exchange.formats.dlc import DLC

__all__ = ["FORMATS", "Format"]

FORMATS: dict[str, Format] = {"coco": COCO, "dlc": DLC}
