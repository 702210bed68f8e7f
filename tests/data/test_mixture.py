"""Several sets as one."""

import numpy as np
import pytest

from bupose.data.datasets import open_samples
from bupose.data.mixture import Mixture
from bupose.errors import LabelsError, OptionsError
from bupose.skeletons import COCO17, COCO18


class Numbers:
    """A set whose samples are numbers."""

    skeleton = COCO17

    def __init__(self, start, count):
        self._values = list(range(start, start + count))

    def __len__(self):
        return len(self._values)

    def __getitem__(self, i):
        return self._values[i]

    def picture(self, i):
        return -self._values[i]


def test_weights_and_completeness():
    mixture = Mixture([Numbers(0, 30), Numbers(100, 500), Numbers(1000, 7)], [0.3, 0.6, 0.1])
    seen = np.array([mixture[i] for i in range(len(mixture))])
    assert len(mixture) == pytest.approx(500 / 0.6, abs=3)
    assert {*range(30), *range(100, 600), *range(1000, 1007)} == set(seen.tolist())
    share = [np.mean((seen >= low) & (seen < high)) for low, high in ((0, 100), (100, 1000), (1000, 2000))]
    assert np.allclose(share, [0.3, 0.6, 0.1], atol=0.005)
    repeats = np.unique(seen[seen < 100], return_counts=True)[1]
    assert np.ptp(repeats) <= 1  # all of a small set before any again
    first = seen[:100]
    assert 25 <= (first < 100).sum() <= 35  # turns are spread, not in blocks
    assert mixture.picture(3) == -mixture[3]
    assert sum(mixture.counts()) == len(mixture)


def test_seed_decides_the_order():
    def order(seed):
        mixture = Mixture([Numbers(0, 20), Numbers(100, 20)], [1, 1], seed)
        return [mixture[i] for i in range(len(mixture))]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_refusals():
    other = Numbers(0, 3)
    other.skeleton = COCO18
    with pytest.raises(LabelsError, match="'coco17' and 'coco18' cannot be mixed"):
        Mixture([Numbers(0, 3), other], [1, 1])
    for weights in ([1], [1, 0], [1, -2]):
        with pytest.raises(OptionsError, match="give one above 0 for each"):
            Mixture([Numbers(0, 3), Numbers(0, 3)], weights)
    with pytest.raises(OptionsError, match="a mixture got no sets; give them as in data"):
        open_samples("mixture")
    with pytest.raises(OptionsError, match=r"data\.weights is {'a': nan}; give names and values"):
        open_samples("mixture", {"sets": {"a": {"kind": "synthetic"}}, "weights": {"a": float("nan")}})
    with pytest.raises(OptionsError, match="more than 20,000,000; give weights less far apart"):
        Mixture([Numbers(0, 3), Numbers(0, 3)], [1e6, 1e-6])
    with pytest.raises(OptionsError, match="a weight for 'b'"):
        open_samples("mixture", {"sets": {"synthetic": {}}, "weights": {"b": 1}})


def test_sets_by_name(coco_file):
    sets = {"coco": {"annotations": coco_file}, "easy": {"kind": "synthetic", "count": 3, "size": [64, 64]}}
    mixture = open_samples("mixture", {"sets": sets, "weights": {"coco": 0.25, "easy": 0.75}, "skeleton": "coco18"})
    assert mixture.counts() == [1, 3]
    assert all(s.labels.skeleton == COCO18 for s in mixture)
    assert {s.name.split("-")[0] for s in mixture} == {"a.jpg", "synthetic"}
