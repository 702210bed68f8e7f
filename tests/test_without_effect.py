"""Options that do nothing where they stand: each is told in one sentence, and one that does something is not."""

import dataclasses
from dataclasses import dataclass, field

import pytest

from bupose.bridges import options as openpose
from bupose.errors import OptionsError
from bupose.estimate import options as network
from bupose.options import Needs, check_needs, option, without_effect
from bupose.predict import options as predict
from bupose.predict.options import GroupOptions, InferOptions
from bupose.train import options as train
from bupose.train.options import TrainOptions
from bupose.viz.overlay import OverlayOptions


@dataclass
class Inner:
    deep: int = option(1)


@dataclass
class Toy:
    on: bool = option(False)
    size: int = option(3)
    names: list = option(list)
    inner: Inner = field(default_factory=Inner)


ON = Needs(lambda o: o.on, "it is off; add on=true")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, None),
        ({"size": 3, "names": [], "inner": Inner()}, None),
        ({"size": 4}, "size has no effect: it is off; add on=true"),
        ({"size": 4, "on": True}, None),
        ({"names": ["a"]}, "names has no effect: it is off; add on=true"),
        ({"inner": Inner(2)}, "inner.deep has no effect: it is off; add on=true"),
    ],
)
def test_what_is_told(given, told):
    options, needs = Toy(**given), dict.fromkeys(("size", "names", "inner"), ON)
    assert list(without_effect(options, needs)) == [told] * (told is not None)
    if told:
        with pytest.raises(OptionsError, match=r"^" + told):
            check_needs(options, needs)


@pytest.mark.parametrize(
    ("kind", "needs"),
    [
        (network.NetworkOptions, network.NEEDS),
        (InferOptions, predict.NEEDS),
        (InferOptions, predict.OF_VIDEOS),
        (GroupOptions, predict.OF_SAVED),
        (openpose.OpenPoseOptions, openpose.NEEDS),
        (TrainOptions, train.NEEDS),
    ],
)
def test_tables_name_options(kind, needs):
    assert set(needs) <= {f.name for f in dataclasses.fields(kind)}


@pytest.mark.parametrize(
    "given",
    [
        {"refine": False, "refine_below": 0.3},
        {"crops": {"margin": 1.5}},
        {"overlays": False, "overlay": {"boxes": True}},
        {"write": {"scorer": "me"}},
        {"ray": {"rows": 7}},
        {"overlays": False, "overlay_format": "png"},
        {"engine": "ray", "overlay_format": "png"},
        {"tracking": "off", "track": {"gap": 3.0}},
    ],
)
def test_infer_refuses_them(given):
    hints = {f.name: f.default_factory for f in dataclasses.fields(InferOptions)}
    made = {name: hints[name](**value) if isinstance(value, dict) else value for name, value in given.items()}
    with pytest.raises(OptionsError, match="has no effect"):
        InferOptions(input="a.jpg", **made)


@pytest.mark.parametrize("name", ["json", "overlays", "tables"])
def test_what_is_written_by_default_is_so_by_one_engine(name):
    assert getattr(InferOptions(input="a.jpg"), name) is True
    many = InferOptions(input="a.jpg", engine="ray", **{name: False})
    assert getattr(dataclasses.replace(many, input="b.jpg"), name) is False
    with pytest.raises(OptionsError, match=f"{name} has no effect: engine=ray"):
        InferOptions(input="a.jpg", engine="ray", **{name: True})


@pytest.mark.parametrize("given", [{"overlay": OverlayOptions(boxes=True)}, {"overlay_format": "png"}])
def test_group_refuses_what_is_about_overlays_without_a_photo(given):
    with pytest.raises(OptionsError, match="has no effect: nobody is drawn"):
        GroupOptions(input="a.npz", **given)
    GroupOptions(input="a.npz", photo="a.jpg", **given)


def test_training_refuses_limbs_where_no_method_has_them():
    with pytest.raises(OptionsError, match="limbs has no effect: only method=paf"):
        TrainOptions(method="tags", limbs="auto")
    assert TrainOptions(limbs="auto").limbs == "auto"


def test_openposes_flags_without_effect_are_named():
    usual = openpose.OpenPoseOptions(image_dir="a", write_json="b", display=0, render_pose=0)
    assert not list(without_effect(usual, openpose.NEEDS, "--"))
    odd = openpose.OpenPoseOptions(image_dir="a", write_json="b", display=0, alpha_pose=0.5, write_video_fps=3)
    told = list(without_effect(odd, openpose.NEEDS, "--"))
    assert [one.split()[0] for one in told] == ["--write_video_fps", "--alpha_pose"]
