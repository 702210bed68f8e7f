"""Every method of bupose in the explorer, on maps painted of drawn people."""

import numpy as np
import pytest

from bupose import geometry, viz
from bupose.explore.canvas import draw_view, list_views
from bupose.explore.observation import Observation
from bupose.explore.session import Session
from bupose.maps import Grid
from bupose.methods import METHODS
from bupose.skeletons import COCO18
from bupose.viz.maps import VALUE_COLORS

SIZE = (640, 368)
VIEWS = {
    "paf": ["heatmap", "limbs"],
    "tags": ["heatmap", "tags"],
    "centre": ["heatmap", "centre", "offset"],
    "single": ["heatmap"],
    "regression": ["offset", "sure"],
}


def paint(codec, labels):
    """Maps of labels; all around a joint the tag is three times its person's number."""
    targets = codec.encode(labels, SIZE)
    arrays = dict(targets.maps.arrays)
    if "tags" in (spec.name for spec in codec.specs):
        h, w = arrays["heat"].shape[1:]
        arrays["tags"] = np.zeros((len(COCO18.joints), 1, h, w), np.float32)
        for k, cells in enumerate(targets.extra["cells"].T):
            people = np.flatnonzero(cells)
            v, u = np.unravel_index(cells[people] - 1, (h, w))
            away = np.hypot(np.arange(h)[:, None, None] - v, np.arange(w)[:, None] - u)
            arrays["tags"][k, 0] = 3 * people[away.argmin(-1)]
    return codec.maps(arrays)


@pytest.fixture(scope="module", params=METHODS)
def explored(request, scenes):
    scene, codec = scenes[0], METHODS[request.param](COCO18, Grid(8))
    labels = scene.labels[:1] if request.param in ("single", "regression") else scene.labels
    maps = paint(codec, labels)
    seen = Observation("a.png", SIZE, scene.image, maps, codec, geometry.IDENTITY, 0.1)
    return request.param, Session.begin(seen, codec.decoder), labels


def test_the_drawn_people_are_found(explored):
    _, session, labels = explored
    assert len(session.people) == len(labels)


def test_views(explored):
    name, session, _ = explored
    views = list(list_views(session.trace.maps))
    assert views == ["people", *VIEWS[name], "photo"]
    photo = session.observation.image
    drawn = {view: draw_view(session, view) for view in views}
    assert all((drawn[view] != photo).any() for view in views[:-1])
    picked = session.pick_joint(3)
    assert all((draw_view(picked, view, joint=3, peaks=True) != drawn[view]).any() for view in views)


def test_every_joint_of_a_person_tells_its_candidates(explored):
    _, session, _ = explored
    trace = session.trace
    for peak in trace.members[0][trace.members[0] >= 0].tolist():
        picked = session.pick_joint(peak)
        used = [c for c in picked.candidates() if c.fate == "used"]
        assert used
        assert all(len(c.evidence) == len(trace.evidence_words) for c in used)
        assert all(c.kind and c.reason for c in picked.candidates())
        assert "of person 0" in picked.headline()
    assert picked.plot().axes
    assert session.pick_person(0).plot().axes


def test_what_is_refused_is_drawn_and_explained(explored):
    _, session, _ = explored
    trace = session.trace
    refused = [m for m in range(len(trace.links)) if trace.fate(m) != "used"]
    for m in refused[:2]:
        assert trace.reason(m)
        assert viz.explain_link(trace, m, session.observation.image).axes


def test_a_persons_tags_have_one_colour(scenes):
    codec = METHODS["tags"](COCO18, Grid(8))
    labels = scenes[0].labels
    maps = paint(codec, labels)
    cells = codec.encode(labels, SIZE).extra["cells"]
    hues, scale = [[] for _ in labels.xy], VALUE_COLORS / VALUE_COLORS.max(1, keepdims=True)
    for k in range(len(COCO18.joints)):
        picture = viz.map_picture(maps, "tags", k).astype(float)
        for person in np.flatnonzero(cells[:, k]):
            v, u = np.unravel_index(cells[person, k] - 1, maps.cells)
            color = picture[8 * v + 3, 8 * u + 3]
            hues[person].append(np.abs(scale - color / color.max()).sum(1).argmin())
    usual = np.array([np.median(hue) for hue in hues])
    np.testing.assert_allclose(usual, [0, 85, 170, 255], atol=12)  # the lowest tag's to the highest's
