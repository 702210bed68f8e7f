"""A method that no other file knows is explored like those that are there."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from bupose import Estimator, viz
from bupose.errors import FieldsError, OptionsError
from bupose.explore.canvas import draw_view, list_views, shown_joints
from bupose.explore.observation import Observation, look
from bupose.explore.session import Session
from bupose.geometry import IDENTITY
from bupose.maps import Grid, MapSpec
from bupose.methods import METHODS, Codec
from bupose.methods.peaks import find_peaks
from bupose.methods.trace import Links, Trace
from bupose.options import check, option
from bupose.people import People
from bupose.skeletons import COCO17
from bupose.viz.overlay import OverlayOptions

H, W = 24, 40


@dataclass
class NearOptions:
    """How depths are read.

    Parameters
    ----------
    peak_threshold : float
        Heat of a candidate.
    tolerance : float, metres
        How far apart the depths of a person may be.
    linked : bool
        Say what could have been joined.
    """

    peak_threshold: float = option(0.1, 0, 1)
    tolerance: float = option(0.5, 0, 1000)
    linked: bool = option(True)

    def __post_init__(self) -> None:
        check(self, "decoder")


@dataclass
class NoOptions:
    """None."""


@dataclass(frozen=True, repr=False)
class NearTrace(Trace):
    evidence_words: ClassVar = ("gap", "weight")

    def kind_name(self, m):
        return f"nose → {self.joint_name(int(self.links.kind[m]))}"

    def reason(self, m):
        return f"{self.links.score[m]:.2f} m apart"


@dataclass(frozen=True)
class NearCodec(Codec):
    """Joints of the first nose's depth are its person; ``depth`` is a number for each joint, ``flow`` a vector."""

    name: ClassVar = "near"
    title: ClassVar = "depths"
    Target: ClassVar = NoOptions
    Decoder: ClassVar = NearOptions

    @classmethod
    def outputs(cls, skeleton, target=None):
        depth = MapSpec.of_joints("depth", skeleton, stored="float16")
        flow = MapSpec.of_people("flow", vector=True, lengths=True, stored="float16")
        return MapSpec.of_joints("heat", skeleton), depth, flow, MapSpec.of_people("edge")

    def _explain(self, maps):
        peaks = find_peaks(maps.arrays["heat"], self.decoder.peak_threshold)
        depth = maps.arrays["depth"][peaks.joint, peaks.cell[:, 0], peaks.cell[:, 1]]
        nose, others = np.flatnonzero(peaks.joint == 0)[:1], np.flatnonzero(peaks.joint > 0)
        gap = np.abs(depth[others] - depth[nose]) if len(nose) else np.zeros(0, np.float32)
        used = gap < self.decoder.tolerance
        if not len(nose):
            others = others[:0]
        members = np.full((len(nose), len(maps.skeleton.joints)), -1, np.int32)
        members[:, 0] = nose
        for row in others[used]:
            members[0, peaks.joint[row]] = row
        people = People.nobody(maps.skeleton)
        if len(nose):
            xy = np.where(members[..., None] >= 0, maps.grid.to_pixels(peaks.xy[members]), np.nan)
            score = np.where(members >= 0, 0.9, 0)
            people = People(xy, score, score.mean(1), maps.skeleton)
        first = np.repeat(nose.astype(np.int32), len(others))
        links = Links(first, others.astype(np.int32), peaks.joint[others], gap, 1 / (1 + gap), used)
        if not self.decoder.linked:
            links = Links(*(a[:0] for a in vars(links).values()))
        return NearTrace(maps, self.decoder, peaks, members, people, links)


def arrays():
    """Two people of ten joints, 2 and 5 m away."""
    out = {"heat": np.zeros((17, H, W)), "depth": np.zeros((17, H, W)), "flow": np.zeros((1, 2, H, W))}
    for x, away in ((10, 2.0), (30, 5.0)):
        for k in range(10):
            out["heat"][k, 2 + 2 * k, x] = 0.9
            out["depth"][k, 2 + 2 * k, x] = away
    out["heat"][0, 2, 30] = 0  # one nose alone
    out["flow"][0, 0, :, 20:] = 7
    out["edge"] = np.zeros((1, H, W))
    out["edge"][0, 12] = 1
    return {name: a.astype(np.float32) for name, a in out.items()}


class Network:
    """A :class:`bupose.runtimes.network.Network` that says the same of every picture."""

    skeleton, grid, multiple, pad, decoder, preprocess = COCO17, Grid(8), 8, (0, 0, 0), {}, {}
    target, category, method = {}, {}, "near"

    def __call__(self, images):
        return tuple(np.stack([a] * len(images)) for a in arrays().values())


@pytest.fixture
def photo():
    return np.full((H * 8, W * 8, 3), 120, np.uint8)


@pytest.fixture
def maps():
    return NearCodec(COCO17, Grid(8)).maps(arrays())


@pytest.fixture
def session(maps, photo):
    codec = NearCodec(COCO17, Grid(8))
    return Session.begin(Observation("a.png", photo.shape[1::-1], photo, maps, codec, IDENTITY, 0.1), codec.decoder)


def test_every_map_is_a_view(session, photo):
    assert list(list_views(session.trace.maps)) == ["people", "heatmap", "depth", "flow", "edge", "photo"]
    for view in list_views(session.trace.maps):
        picture = draw_view(session, view, joint=3, limb=2, peaks=False)
        assert picture.shape == photo.shape
        assert (picture != photo).any() == (view != "photo")
    assert shown_joints(session, "depth", 3, 2) == (3,)
    assert shown_joints(session, "flow", 3, 2) is None


def test_maps_show_what_they_hold(session, maps):
    depth = viz.map_picture(maps, "depth").astype(int)
    near, far = depth[100, 83], depth[100, 243]  # joint 5 of both people, at the centre of its cell
    assert np.abs(near - far).max() > 100
    assert depth[60, 160].max() == 0
    flow = viz.map_picture(maps, "flow", wheel=False).astype(int)
    assert flow[90, 40].max() == 0
    np.testing.assert_array_equal(flow[90, 260], viz.paf_hue(_rightward(), wheel=False)[90, 260])
    edge = viz.map_picture(maps, "edge").astype(int)
    assert edge[100, 160].sum() > 600 > edge[40, 160].sum() == 0
    assert viz.fields_picture(maps).shape == (H * 8, 4 * W * 8 + 3 * 4, 3)


def _rightward():
    from bupose import Fields

    paf = np.zeros((len(COCO17.limbs), 2, H, W), np.float32)
    paf[0, 0] = 1
    return Fields(np.zeros((17, H, W), np.float32), paf, Grid(8), COCO17)


def test_a_joint_and_its_candidates(session):
    picked = session.click((83, 35))  # joint 1 of the near one
    (candidate,) = picked.candidates()
    assert (candidate.kind, candidate.fate, candidate.reason) == ("nose → left eye", "used", "0.00 m apart")
    assert candidate.partner.startswith("nose ")
    assert candidate.evidence == (0.0, 1.0)
    assert "of person 0; it was offered 1 candidate link" in picked.headline()
    assert picked.plot().axes
    far = session.click((243, 35))
    assert [(c.fate, c.evidence) for c in far.candidates()] == [("rejected", (3.0, 0.25))]
    assert len(session.click((83, 20)).candidates()) == 18
    for view in list_views(session.trace.maps):
        assert (draw_view(far, view) != draw_view(session, view)).any()


def test_persons_and_options(session):
    assert session.pick_person(0).plot().axes
    assert session.people.present.sum() == 10
    assert session.regroup({"tolerance": 4.0}).people.present.sum() == 10
    assert len(session.regroup({"peak_threshold": 1.0}).people) == 0
    kept = session.click((243, 35)).regroup({"tolerance": 4.0})
    assert kept.candidates()[0].fate == "used"
    with pytest.raises(OptionsError, match="paf_threshold"):
        session.regroup({"paf_threshold": 0.1})


def test_a_method_without_links(session):
    picked = session.regroup({"linked": False}).click((83, 35))
    assert picked.candidates() == []
    assert picked.plot() is None
    assert "offered 0 candidate links" in picked.headline()
    draw_view(picked, "people", peaks=True)


@pytest.mark.parametrize(
    "draw",
    [
        lambda trace: viz.explain_limb(trace, 0),
        lambda trace: viz.explain_joint(trace, 0),
        lambda trace: viz.explain_person(trace, 0),
        lambda trace: viz.explain_candidate(trace, 0),
        lambda trace: viz.explain_matching(trace, 0),
        lambda trace: viz.explain_assembly(trace),
    ],
    ids=["limb", "joint", "person", "candidate", "matching", "assembly"],
)
def test_what_is_of_part_affinity_fields_alone_says_so(session, draw):
    with pytest.raises(FieldsError, match=r"part affinity fields alone; got a NearTrace"):
        draw(session.trace)


def test_maps_that_are_not_there(maps):
    for draw in (viz.paf_hue, lambda m: viz.paf_quiver(m, 0)):
        with pytest.raises(FieldsError, match="no map 'paf' to draw; there are heat, depth, flow, edge"):
            draw(maps)
    with pytest.raises(FieldsError, match="no joint 17"):
        viz.map_picture(maps, "depth", 17)
    assert viz.explain_peaks(NearCodec(COCO17, Grid(8)).explain(maps), "nose").axes


def test_the_page(monkeypatch, photo, tmp_path):
    pytest.importorskip("gradio", reason="needs the extra 'explore'")
    from bupose.explore.page import Page
    from bupose.explore.storage import Uploads

    monkeypatch.setitem(METHODS, "near", NearCodec)
    estimator = Estimator(Network(), height=H * 8, threads=1)
    page = Page(estimator, look(estimator, photo, "a.png"), Uploads(tmp_path), OverlayOptions())
    on = page.on
    assert [value for _, value in on.view.choices] == ["people", "heatmap", "depth", "flow", "edge", "photo"]
    assert not on.limb.visible
    assert list(on.options) == ["peak_threshold", "tolerance", "linked"]
    assert "metres" in on.options["tolerance"].info
    assert on.candidates.headers == ["link", "to", "gap", "weight", "joined", "why"]
    assert page.choose_view(on.joint, {on.view: "people"}) == "heatmap"
    assert page.choose_view(on.joint, {on.view: "depth"}) == "depth"
    said = {c: getattr(c, "value", None) for c in on.inputs} | {on.desk: str(tmp_path), on.session: None}
    shown = page._see(said, lambda: page.first)
    seen = shown[on.session]
    picked = seen.click(tuple(seen.trace.maps.grid.to_pixels(np.array([10, 4]))))  # joint 1 of the near one
    rows = page._show(said, picked)[on.candidates]["value"]
    assert [row[2:] for row in rows] == [[0.0, 1.0, "yes", "0.00 m apart"]]


def test_pictures_of_training(monkeypatch, photo):
    pytest.importorskip("lightning", reason="needs the extra train")
    from bupose.train.validation_images import draw_estimate

    monkeypatch.setitem(METHODS, "near", NearCodec)
    picture = draw_estimate(photo, Estimator(Network(), height=H * 8, threads=1))
    assert picture.shape == (H * 8, 5 * W * 8 + 4 * 4, 3)  # people and four maps, with gaps
