import re
from itertools import permutations

import numpy as np
import pytest

from bupose import FieldCodec, Labels, synthetic, viz
from bupose.errors import FieldsError, InputError
from bupose.skeletons import COCO18

SIZE = (480, 320)
LIMB = "left_knee-left_ankle"


@pytest.fixture(scope="module")
def scene():
    """Three people with crossing shins, on which the matchings differ."""
    options = synthetic.SceneOptions(spread=1, height=(0.55, 0.85), props=(0, 0))
    return synthetic.draw_scene(31, SIZE, (2, 4), COCO18, options)


@pytest.fixture(scope="module")
def trace(scene):
    codec = FieldCodec(COCO18)
    return codec.explain(codec.encode(scene.labels, SIZE))


def test_peaks_are_shown_where_the_joints_are(scene, trace):
    figure = viz.explain_peaks(trace, "left_ankle", scene.image)
    picture, cells, line = figure.axes
    ankle = COCO18.index["left_ankle"]
    truth = scene.labels.xy[scene.labels.present[:, ankle], ankle]
    drawn = np.array([np.ravel(dot.get_data()) for dot in picture.lines])
    assert picture.get_title("left") == f"left ankle: {len(truth)} peaks"
    np.testing.assert_allclose(drawn[np.lexsort(drawn.T)], truth[np.lexsort(truth.T)], atol=0.05)
    dot = trace.fields.grid.to_pixels(np.ravel(cells.lines[1].get_data()))
    assert np.abs(truth - dot).max(1).min() < 0.05  # the close-up's dot is a true ankle
    assert line.get_yscale() == "log"


def test_peaks_of_a_joint_nobody_has(empty_fields, trace_of):
    figure = viz.explain_peaks(trace_of(empty_fields("coco18")), 3)
    assert [axes.get_title("left") for axes in figure.axes] == ["right elbow: 0 peaks"]
    with pytest.raises(FieldsError, match="no joint 'tail'"):
        viz.explain_peaks(trace_of(empty_fields("coco18")), "tail")


def test_a_peak_in_the_corner_is_shown(empty_fields, trace_of):
    fields = empty_fields("coco18")
    fields.heat[3, 0, 0], fields.heat[3, 0, 1] = 0.9, 0.3
    assert len(viz.explain_peaks(trace_of(fields), 3).axes) == 3


def weights(trace, limb):
    c = trace.candidates
    rows = c.limb == COCO18.limb_names.index(limb)
    return {(int(a), int(b)): float(w) for a, b, w in zip(c.first[rows], c.second[rows], c.weight[rows])}


def test_matchings_are_those_of_all_permutations_and_of_heaviest_first(scene, trace):
    table = weights(trace, LIMB)
    first, second = sorted({a for a, _ in table}), sorted({b for _, b in table})
    best = max(sum(table.get(pair, 0) for pair in zip(first, order)) for order in permutations(second))
    taken: dict = {}
    for a, b in sorted(table, key=table.get, reverse=True):
        if a not in taken and b not in taken.values():
            taken[a] = b
    greedy = sum(table[pair] for pair in taken.items())
    figure = viz.explain_matching(trace, LIMB, scene.image)
    shown = [float(re.search(r"[\d.]+$", axes.get_title("left"))[0]) for axes in figure.axes[:2]]
    assert shown == pytest.approx([best, greedy], abs=0.006)
    assert best > greedy + 0.1
    frames = [(p.get_edgecolor(), p.get_linestyle()) for p in figure.axes[2].patches]
    assert len(frames) == 2 * len(first)
    assert len(set(frames)) == 2
    assert {text.get_text() for text in figure.axes[2].texts} == {f"{w:.2f}" for w in table.values()}


def test_nothing_to_match_is_said(empty_fields, trace_of):
    with pytest.raises(FieldsError, match="no candidates to match"):
        viz.explain_matching(trace_of(empty_fields("coco18")), LIMB)


def test_people_come_together(scene, trace):
    figure = viz.explain_assembly(trace, scene.image, pictures=4, columns=2)
    titles = [re.findall(r"\d+", axes.get_title("left")) for axes in figure.axes]
    done, of, groups = np.array(titles, int).T
    assert (of == trace.matched.sum()).all()
    assert done.tolist() == sorted(done)
    assert done[-1] == of[-1]
    assert groups[-1] == len(scene.labels) == 3
    assert groups.max() > 3
    last = figure.axes[-1]
    colors = {tuple(np.round(line.get_color(), 3)) for line in last.lines if line.get_linestyle() == "-"}
    assert len(colors) == 3  # each person in one


def test_limbs_left_out_are_dashed():
    """One redundant limb's field leads from everybody's shoulder to the neighbour's ear."""
    people = synthetic.draw_scene(
        10, (640, 360), 3, COCO18, synthetic.SceneOptions(facing=(-30, 30), props=(0, 0))
    ).labels
    codec = FieldCodec(COCO18).with_decoder(max_limb_ratio=1000)  # keeps them as candidates
    limb, ear = COCO18.limb_names.index("left_shoulder-left_ear"), COCO18.index["left_ear"]
    fields, swapped = codec.encode(people, (640, 360)), people.xy.copy()
    swapped[:, ear] = np.roll(swapped[:, ear], 1, 0)
    fields.paf[limb] = codec.encode(Labels(swapped, people.visibility, COCO18), (640, 360)).paf[limb]
    trace = codec.explain(fields)
    dashed = [line for line in viz.explain_assembly(trace, pictures=1).axes[0].lines if line.get_linestyle() == "--"]
    drawn = {tuple(np.round(np.ravel(line.get_data()))) for line in dashed}
    left_out = np.flatnonzero(trace.matched & ~trace.used)
    assert set(trace.candidates.limb[left_out]) == {limb}
    ends = trace.fields.grid.to_pixels(trace.peaks.xy[trace.candidates.ids[left_out, 1:]])
    assert drawn == {tuple(np.round(np.ravel(e.T))) for e in ends}
    assert len(drawn) > 1


def test_nobody_comes_together(empty_fields, trace_of):
    figure = viz.explain_assembly(trace_of(empty_fields("coco18")), pictures=2)
    assert [axes.get_title("left") for axes in figure.axes] == 2 * ["0 of 0 limbs: 0 groups"]
    with pytest.raises(InputError, match="1 or more"):
        viz.explain_assembly(trace_of(empty_fields("coco18")), pictures=0)
