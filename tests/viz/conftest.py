"""Traces and fields to draw."""

import numpy as np
import pytest

from bupose import skeletons
from bupose.maps import Grid
from bupose.methods.paf import FieldCodec
from bupose.methods.paf.fields import Fields


@pytest.fixture(scope="session")
def trace_of():
    """Fields -> a trace of them."""

    def explain(fields):
        return FieldCodec(fields.skeleton, fields.grid).with_decoder(paf_threshold=0.1).explain(fields)

    return explain


@pytest.fixture
def empty_fields():
    """A function that makes fields of zeros, to be written into."""

    def make(skeleton="coco17", h=12, w=16, stride=8):
        skeleton = skeletons.get(skeleton)
        k, n = len(skeleton.joints), len(skeleton.limbs)
        return Fields(np.zeros((k, h, w), np.float32), np.zeros((n, 2, h, w), np.float32), Grid(stride), skeleton)

    return make
