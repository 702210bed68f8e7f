"""The numbers that README and docs state, so that nothing moves them unnoticed."""

from pathlib import Path

import pytest

import bupose
from bupose import geometry
from bupose.evaluate import coco_ap, read_ground_truth
from bupose.evaluate.predict import predict
from bupose.fields_file import FieldsFile
from bupose.methods.paf import FieldCodec
from bupose.skeletons import COCO18

# Instruction sets and threads move neither by more than 0.05; a choice that is worth anything moves them by more.
WITHIN = 0.3
GROUPING, NETWORK = 55.5, 52.6  # on all 250 photos; on every tenth, where all have 57.3; in float32


@pytest.fixture(scope="module")
def coco(shared) -> Path:
    return shared / "data" / "coco"


def test_ap_of_the_grouping(coco):
    codec, found = FieldCodec(COCO18).showing_everybody(), {}
    with FieldsFile(coco / "fields_val.npz") as file:
        for _, fields, info in file:
            people = codec.decode(fields).transform(geometry.invert(info["matrix"]))
            found[int(Path(info["file_name"]).stem)] = people
    assert len(found) == 250
    assert coco_ap(found, coco / "val.json")["AP"] == pytest.approx(GROUPING, abs=WITHIN)


def test_ap_of_the_network_that_comes_along(coco):
    truth = read_ground_truth(coco / "val.json")
    truth = truth.only(list(truth.images)[::10])
    found = predict(bupose.load(threads=1, runtime="torch", precision="float32"), truth, coco / "val").ranked
    assert coco_ap(found, truth)["AP"] == pytest.approx(NETWORK, abs=WITHIN)
