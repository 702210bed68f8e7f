"""Files of boxes that hold none."""

import pytest

from bupose.annotations.detections import read_detections
from bupose.errors import BuposeError


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"bbox": [1, 1, 0, 5]}, "without width or height"),
        ({"bbox": [1, 1, 5, -5]}, "without width or height"),
        ({"bbox": [1, 1, 5, 5], "category_id": 2}, "category 1"),
        ({"keypoints": [1, 2, 3, 4]}, "entry 0 has 4 numbers"),
    ],
)
def test_no_box_is_told(entry, told):
    with pytest.raises(BuposeError, match=told):
        read_detections([{"image_id": 1, **entry}])


@pytest.mark.parametrize("content", [[], {"annotations": [], "images": [{"id": 1, "file_name": "a.jpg"}]}])
def test_nobody_is_no_error(content):
    assert not read_detections(content).by_id
