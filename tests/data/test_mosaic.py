"""A mosaic's quarters keep what they know and what they do not."""

import numpy as np
import pytest

from bupose.data.mosaic import compose_mosaic
from bupose.images.sample import Sample
from bupose.people import Labels
from bupose.skeletons import COCO17

SIZE = (120, 100)


def compose(unknown: set[int]) -> tuple[Sample, dict[int, tuple[int, int]]]:
    """Quarters of one grey each, 10 · (n + 1), of which the ``unknown`` are ignored in their left halves."""
    sizes = {}

    def crop(n: int, size: tuple[int, int]) -> Sample:
        sizes[n] = size
        ignore = np.zeros(size[::-1], bool)
        ignore[:, : size[0] // 2] = True
        image = np.full((*size[::-1], 3), 10 * (n + 1), np.uint8)
        return Sample(image, Labels.nobody(COCO17), ignore if n in unknown else None)

    return compose_mosaic(np.random.default_rng(3), SIZE, crop), sizes


@pytest.mark.parametrize("unknown", [{0}, {1}, {2}, {3}, {0, 3}, {0, 1, 2, 3}])
def test_what_a_quarter_ignores_is_ignored_in_its_place(unknown):
    sample, sizes = compose(unknown)
    x, y = sizes[0]
    expected = np.zeros(SIZE[::-1], bool)
    for n, (left, top) in enumerate([(0, 0), (x, 0), (0, y), (x, y)]):
        width, height = sizes[n]
        assert (sample.image[top : top + height, left : left + width] == 10 * (n + 1)).all()
        expected[top : top + height, left : left + width // 2] = n in unknown
    assert (sample.ignore == expected).all()


def test_where_everything_is_known_there_is_no_mask():
    assert compose(set())[0].ignore is None
