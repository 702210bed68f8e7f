"""Options of data sets from Python: of the right kind, or refused in one sentence."""

from pathlib import Path

import pytest

from bupose.annotations import FORMATS
from bupose.data import open_samples
from bupose.errors import BuposeError, InputError, OptionsError


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "given",
    [{"annotations": 5}, {"annotations": None}, {"images": []}, {"limit": "x"}, {"limit": -1}, {"limit": 1.5},
     {"max_box": float("nan")}, {"max_box": None}, {"with_people": "no"}, {"category": [1]}],
)  # fmt: skip
def test_values_of_the_wrong_kind(kind, given):
    with pytest.raises(OptionsError, match=f"data.{next(iter(given))} is"):
        open_samples(kind, given)


@pytest.mark.parametrize("skeleton", [5, ["nose"], {"name": 1}, "no such", float("nan")])
def test_what_is_no_skeleton(sets, skeleton):
    with pytest.raises(BuposeError):
        open_samples("coco", {"annotations": sets.write(sets.people()), "skeleton": skeleton})


@pytest.mark.parametrize(
    "given", [{"sets": 5}, {"sets": {"coco": 5}}, {"sets": {"coco": None}}, {"weights": {"coco": "x"}}, {"seed": "x"},
              {"sets": {"coco": {"kind": 5}}}, {"sets": {"coco": {"kind": []}}}],
)  # fmt: skip
def test_mixtures_of_nonsense(given):
    with pytest.raises(OptionsError):
        open_samples("mixture", given)


def test_paths_may_be_path_objects(sets):
    path = Path(sets.write(sets.people()))
    assert len(open_samples("coco", {"annotations": path, "images": path.parent})) == 2
    assert len(open_samples("folder", {"images": path.parent})) == 2


@pytest.mark.parametrize("kind", ["coco", "folder"])
def test_the_home_of_nobody(sets, kind):
    given = {"annotations": sets.write(sets.people())} if kind == "coco" else {}
    with pytest.raises(InputError, match="home folder that is not known"):
        open_samples(kind, given | {"images": "~nobody_of_this_name/photos"})
