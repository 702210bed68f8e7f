"""People carried by optical flow move as the pictures do, in streams of which the network sees some frames."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from atlas import AtlasNetwork, paint, people_at

from bupose import geometry
from bupose.estimate.estimator import Estimator
from bupose.estimate.flow import Carrier, reduced
from bupose.estimate.key_frames import FARTHEST
from bupose.images import Clip, Video
from bupose.media.sources import Frame
from bupose.people import People
from bupose.skeletons import COCO17


@pytest.fixture
def picture():
    """Something to hold on to everywhere: blurred noise, uint8 (240, 320, 3)."""
    noise = np.random.default_rng(0).uniform(0, 255, (240, 320, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 2)
    return cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


@pytest.fixture
def people():
    xy = np.random.default_rng(1).uniform((60, 60), (260, 180), (2, 17, 2))
    xy[0, 5] = np.nan
    return People(xy, np.full((2, 17), 0.8) * ~np.isnan(xy[..., 0]), [0.9, 0.7], COCO17, ids=[4, 2])


@pytest.mark.parametrize("step", [(0, 0), (5, -3), (-12, 8)])
@pytest.mark.parametrize("zoom", [1, 4])
def test_joints_move_as_the_picture(picture, people, step, zoom):
    """Also in large frames, which are reduced."""
    large = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    step = zoom * np.array(step, float)
    moved = cv2.warpAffine(large, geometry.translate(*step), large.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
    people = replace(people, xy=people.xy * zoom)
    carrier = Carrier()
    carrier.see(reduced(large))
    found = carrier.carry(people, reduced(moved))
    np.testing.assert_allclose(found.xy, people.xy + step, atol=0.3 * zoom)
    np.testing.assert_array_equal(found.present, people.present)
    np.testing.assert_array_equal(found.ids, people.ids)
    np.testing.assert_array_equal(found.score, people.score)


def test_a_joint_that_is_lost_goes_with_its_person(picture, people):
    step = (9, 4)
    moved = cv2.warpAffine(picture, geometry.translate(*step), picture.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
    x, y = people.xy[0, 0].astype(int)
    moved[y - 15 : y + 35, x - 15 : x + 40] = 128  # something flat comes before it
    carrier = Carrier()
    carrier.see(reduced(picture))
    np.testing.assert_allclose(carrier.carry(people, reduced(moved)).xy[0, 0], people.xy[0, 0] + step, atol=1)


def test_nobody_and_no_frame_before(picture, people):
    assert Carrier().carry(people, reduced(picture)) == people
    carrier = Carrier()
    carrier.see(reduced(picture))
    nobody = People.nobody(COCO17)
    assert carrier.carry(nobody, reduced(picture)) == nobody
    flat = carrier.carry(people, reduced(np.full_like(picture, 90)))  # nothing to follow
    np.testing.assert_allclose(flat.xy, people.xy, atol=30)


SIZE = (600, 400)
STANDING = people_at([(300, 100)], [200])


@pytest.mark.parametrize(("every", "start"), [(3, 0), (3, 2), (20, 0)])
def test_which_frames_the_network_sees(every, start):
    """A photo, a film's frames from ``start`` on, and a camera's; all in order, carried people where they were."""
    net = AtlasNetwork([(STANDING, SIZE)])
    estimator, picture = Estimator(net, height=400, refine=False, batch=2), paint(*SIZE)
    film, camera = Video(Path("walk.mp4"), Clip(every=2)), Video(0)
    numbers = range(start, 2 * every if every < 9 else 20)
    film_frames = [Frame("", "", n, image=picture, video=film, index=2 * n) for n in numbers]
    sources = [picture, *film_frames, Frame("", "", 99, image=picture, video=camera, index=1)]
    found = list(estimator.stream(sources, look_every=every))
    assert [one.source if isinstance(one.source, np.ndarray) else one.source.image_id for one in found][1:] == [
        *numbers, 99
    ]  # fmt: skip
    carried = [one.carried for one in found]
    if every == 3:
        assert carried[1:-1] == [n > start and n % 3 > 0 for n in numbers]
    else:
        assert carried[1:-1] == [n > 0 for n in numbers]
        assert [len(one.people) for one in found[1:-1]] == [int(n <= FARTHEST) for n in numbers]
    assert len(net.seen) == carried.count(False)
    for one in found:
        assert one.size == SIZE
        if len(one.people):
            np.testing.assert_allclose(one.people.xy, found[0].people.xy, atol=0.1)
