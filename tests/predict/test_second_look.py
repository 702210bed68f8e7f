"""A second look at small people: what it finds, what it must leave alone, and what it may cost."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from atlas import AtlasNetwork, paint, people_at
from PIL import Image

from bupose import geometry
from bupose.estimate.estimator import Estimator
from bupose.estimate.merging import Sighting, listed, merge, similarity, whole_people
from bupose.estimate.windows import CropPlan
from bupose.images import Video
from bupose.media.sources import Frame
from bupose.people import Labels, People
from bupose.skeletons import COCO18

SIZE = (900, 600)  # at height 368 a pixel becomes 0.61
LARGE = people_at([(450, 60)], [480])
# Seen at once are those of 78 px and more; beside them stand two of 56 px.
GROUPS = people_at([(100, 100), (114, 112), (700, 300), (714, 306), (300, 400)], [78, 56, 80, 56, 90])
LEAST = 40


def joined(*several):
    return Labels(np.concatenate([one.xy for one in several]), np.concatenate([s.visibility for s in several]), COCO18)


def run(labels, method="paf", size=SIZE, **options):
    net = AtlasNetwork([(labels, size)], method, LEAST)
    return Estimator(net, **options)(paint(*size)), net


def distances(people, labels):
    """float (P, Q): mean distance of joints, px."""
    return np.nanmean(np.hypot(*np.moveaxis(people.xy[:, None] - labels.xy, -1, 0)), 2)


@pytest.mark.parametrize("method", ["paf", "tags", "centre"])
def test_people_beside_small_ones_are_found_and_nobody_is_lost_or_twice(method):
    labels = joined(GROUPS, LARGE)
    plain, _ = run(labels, method)
    refined, _ = run(labels, method, refine=True)
    before, after = (set(distances(people, labels).argmin(1).tolist()) for people in (plain, refined))
    assert len(plain) == len(before) < len(labels)
    assert len(refined) == len(after) == len(labels)
    assert distances(refined, labels).min(0).max() < 1.5  # a cell is 13 px of the photo


def test_small_people_are_surer_for_it_and_large_ones_stay_as_they_are():
    labels = joined(GROUPS[4:], LARGE)
    plain, _ = run(labels)
    refined, _ = run(labels, refine=True)
    assert len(plain) == len(refined) == 2
    small, large = (distances(plain, labels).argmin(0).tolist(), distances(refined, labels).argmin(0).tolist())
    assert refined.person_score[large[0]] > plain.person_score[small[0]] + 0.02
    assert refined.person_score[large[1]] == plain.person_score[small[1]]
    np.testing.assert_array_equal(refined.xy[large[1]], plain.xy[small[1]])


@pytest.mark.parametrize("flip", [False, True])
def test_without_small_people_it_is_the_plain_answer(flip):
    for labels in (LARGE, Labels.nobody(COCO18)):
        plain, _ = run(labels, flip=flip)
        refined, net = run(labels, flip=flip, refine=True)
        assert refined == plain
        assert len(net.seen) == 1 + flip


def test_it_is_the_same_each_time():
    assert run(GROUPS, refine=True)[0] == run(GROUPS, refine=True)[0]


@pytest.mark.parametrize("most", [0.2, 0.5, 1.5])
def test_the_ceiling_holds_and_is_used(most):
    rng = np.random.default_rng(0)
    crowd = people_at(rng.uniform((0, 0), (860, 500), (60, 2)), rng.uniform(70, 100, 60))
    _, net = run(crowd, refine=True, refine_most=most)
    first, *crops = (width * height for width, height in net.seen)
    assert sum(crops) <= most * first
    assert sum(crops) > most * first - 352**2  # the largest crop


def test_neighbours_share_a_crop():
    row = people_at([(200 + 24 * n, 200) for n in range(4)], [75] * 4)
    _, alone = run(row[:1], refine=True)
    _, together = run(row, refine=True)
    assert len(together.seen) - 1 < len(row)
    assert sum(w * h for w, h in together.seen[1:]) < len(row) * sum(w * h for w, h in alone.seen[1:])


def test_crops_have_few_shapes():
    rng = np.random.default_rng(1)
    sides = CropPlan(416, 32).sides
    assert sides == [160, 256, 384]
    for seed in range(5):
        rng = np.random.default_rng(seed)
        crowd = people_at(rng.uniform((40, 0), (800, 390), (12, 2)), rng.uniform(20, 200, 12)).to_people()
        windows = CropPlan(416, 32).windows(Sighting(crowd, np.full(12, 416 / 600)), SIZE, 0.1, 1e7)
        assert {side for window in windows for side in window.shape} <= set(sides)
        for one in crowd.boxes():
            size = one[2:].max()
            if 8 / 0.7 < size < 250:
                assert any(_holds(window.box, one) for window in windows)


def _holds(window, box):
    return (np.array(window[:2]) <= box[:2] + 0.5).all() and (box[:2] + box[2:] <= np.array(window[2:]) + 0.5).all()


def test_a_batch_is_like_one_photo_after_the_other():
    scenes = [(GROUPS, SIZE), (LARGE, SIZE), (Labels.nobody(COCO18), SIZE), (joined(GROUPS[2:], LARGE), SIZE)]
    photos = [paint(*size, number) for number, (_, size) in enumerate(scenes)]
    together = [e.people for e in Estimator(AtlasNetwork(scenes), refine=True, batch=4).stream(photos)]
    assert together == [Estimator(AtlasNetwork(scenes), refine=True)(photo) for photo in photos]


FILM, CAMERA = Video(Path("walk.mp4")), Video(0)


@pytest.mark.parametrize(("refine", "looks"), [(None, [1, 2, 1, 2, 1]), (True, [2] * 5), (False, [1] * 5)])
def test_small_people_in_video_files_get_it_by_themselves(refine, looks):
    """Photos and cameras between them do not, unless asked to."""
    scenes = [(GROUPS[4:], SIZE)] * 5
    pictures = [paint(*SIZE, n) for n in range(5)]
    sources = [
        Frame("", "", n + 1, image=picture, video=video, index=n)
        for n, (picture, video) in enumerate(zip(pictures, [None, FILM, None, FILM, CAMERA], strict=True))
    ]
    alone = [Estimator(AtlasNetwork(scenes), refine=one == 2)(picture) for one, picture in zip(looks, pictures)]
    assert alone[0].person_score != run(GROUPS[4:], refine=True)[0].person_score or refine
    net = AtlasNetwork(scenes)
    estimator = Estimator(net, refine=refine, batch=4)
    assert [estimate.people for estimate in estimator.stream(sources)] == alone
    assert len(net.seen) == sum(looks)
    assert [estimator(source) for source in sources] == alone
    as_a_video = [estimate.people for estimate in estimator.for_videos().with_decoder().stream(pictures)]
    assert as_a_video == [run(GROUPS[4:], refine=refine is not False)[0]] * 5


@pytest.mark.parametrize(
    ("height", "options", "again"),
    [
        (130, {}, True),  # a fifth of the input height
        (180, {}, False),
        (180, {"refine_below": 0.32}, True),
        (180, {"refine": True}, True),
        (180, {"refine": True, "refine_below": 0.2}, False),
        (330, {"refine": True}, False),
    ],
)
def test_who_is_small(height, options, again):
    net = AtlasNetwork([(people_at([(400, 100)], [height]), SIZE)])
    Estimator(net, **options).for_videos()(paint(*SIZE))
    assert (len(net.seen) > 1) == again


def test_a_turned_photo_is_looked_at_upright():
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x112] = 6  # to be turned clockwise
    Image.fromarray(np.rot90(paint(*SIZE))).save(file, "PNG", exif=exif)
    refined = Estimator(AtlasNetwork([(GROUPS, SIZE)]), refine=True)(file.getvalue())
    assert refined == run(GROUPS, refine=True)[0]


def test_a_mirrored_photo_has_mirrored_people():
    net = AtlasNetwork([(GROUPS, SIZE)])
    found = Estimator(net, refine=True)(np.ascontiguousarray(paint(*SIZE)[:, ::-1]))
    mirrored = run(GROUPS, refine=True)[0].transform(geometry.flip(SIZE[0]))
    mirrored = People(
        mirrored.xy[:, COCO18.mirror_joints], mirrored.score[:, COCO18.mirror_joints], mirrored.person_score, COCO18
    )
    assert len(found) == len(mirrored)
    likely = similarity(found, mirrored).max(1)
    assert likely.min() > 0.95


def test_whoever_is_cut_off_is_not_taken_from_a_crop():
    people = people_at([(100, 100), (12, 100), (100, 195)], [80] * 3).to_people()
    whole = whole_people(people, (0, 50, 300, 250), (300, 300), 2)
    assert whole.tolist() == [True, True, False]  # the photo ends on the left, too, but not below


def test_a_closer_view_adds_joints_and_keeps_those_it_lacks():
    seen = people_at([(100, 100)], [60]).to_people()
    closer = people_at([(101, 100)], [60]).to_people()
    closer.xy[0, 3], closer.score[0, 3] = np.nan, 0
    seen.person_score[:] = 0.4
    seen.xy[0, 5], seen.score[0, 5] = np.nan, 0
    joint = np.arange(len(COCO18.joints))[None]
    seen, closer = replace(seen, hidden=joint == 3), replace(closer, hidden=joint == 5)
    merged = merge(Sighting(seen, np.ones(1)), [Sighting(closer, np.full(1, 3.0))]).people
    assert len(merged) == 1
    assert merged.present.all()
    assert np.flatnonzero(merged.hidden).tolist() == [3, 5]
    np.testing.assert_array_equal(merged.xy[0, 3], seen.xy[0, 3])
    np.testing.assert_array_equal(merged.xy[0, 5], closer.xy[0, 5])


def test_similarity_is_cocos_of_equally_large_people():
    from bupose.evaluate.oks import oks

    rng = np.random.default_rng(0)
    labels = people_at(rng.uniform(50, 90, (4, 2)), [100] * 4)
    moved = labels.to_people().transform(geometry.translate(4, 3))
    np.testing.assert_allclose(similarity(moved, labels.to_people()), oks(moved, labels), atol=1e-5)


def test_everybody_filtered_is_who_decode_options_list():
    labels = joined(GROUPS, LARGE)
    estimator = Estimator(AtlasNetwork([(labels, SIZE)], least=20))
    everybody = estimator.showing_everybody()(paint(*SIZE))
    for options in ({"min_person_score": 0.8}, {"min_joint_score": 0.9}, {"min_joints": 18}):
        strict = estimator.with_decoder(**options)
        assert listed(everybody, strict.decoder) == strict(paint(*SIZE))
