"""Positions read from one joint's heatmap: exact where the arithmetic says so, and as slow twins compute them."""

import numpy as np
import pytest

from bupose.methods.single.reading import READERS, highest_cells, read_positions

SHAPE = (32, 40)  # rows, columns


def bell(x, y, covariance=((4.0, 0.0), (0.0, 4.0)), shape=SHAPE):
    """A Gaussian of height 1 at (x, y) cells, float32 (h, w)."""
    v, u = np.mgrid[: shape[0], : shape[1]]
    d = np.stack([u - x, v - y], -1)
    return np.exp(-0.5 * np.einsum("vui,ij,vuj->vu", d, np.linalg.inv(covariance), d)).astype(np.float32)


def read(heat, how, sharpness=1.0, sigma=2.0):
    return read_positions(heat, highest_cells(heat), how, sharpness, sigma)


@pytest.fixture
def places():
    return np.random.default_rng(3).uniform((9, 9), (30, 22), (60, 2))


def test_the_highest_cell_is_numpys(places):
    heat = np.stack([bell(x, y) for x, y in places])
    expected = [np.unravel_index(one.argmax(), one.shape) for one in heat]
    np.testing.assert_array_equal(highest_cells(heat), expected)


@pytest.mark.parametrize(("how", "error"), [("cell", 0.5), ("quarter", 0.25), ("parabola", 0.001), ("dark", 0.01)])
def test_a_round_gaussian_is_read_to_what_the_way_promises(places, how, error):
    """Half a cell; a quarter; exactly, as its logarithm is a parabola (the blur of DARK is cut off)."""
    heat = np.stack([bell(x, y) for x, y in places])
    off = np.abs(read(heat, how) - places)
    assert off.max() <= error + 1e-4
    if how in ("cell", "quarter"):
        assert off.max() > error / 2  # and that is what it costs


def test_next_to_borders_dark_reads_a_parabola():
    heat = np.stack([bell(x, y, shape=(16, 12)) for x, y in [(0.8, 7.3), (10.2, 7.3), (5.2, 1.3), (5.2, 14.4)]])
    np.testing.assert_array_equal(read(heat, "dark"), read(heat, "parabola"))
    assert (read(heat, "dark") % 1 != 0).all()


def test_dark_reads_slanted_gaussians_better_than_axes_alone(places):
    slanted = ((6.0, 4.0), (4.0, 6.0))
    heat = np.stack([bell(x, y, slanted) for x, y in places])
    off = {how: np.linalg.norm(read(heat, how) - places, axis=1).max() for how in ("parabola", "dark")}
    assert off["dark"] < 0.05 < off["parabola"]


@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_dark_is_a_newton_step_on_the_blurred_logarithm(sigma):
    """As plain loops and central differences say, on random maps."""
    rng = np.random.default_rng(0)
    heat = np.stack([bell(*p) for p in rng.uniform(9, 22, (8, 2))]) + rng.uniform(0, 0.05, (8, *SHAPE)).astype(
        np.float32
    )
    got, cells = read(heat, "dark", sigma=sigma), highest_cells(heat)
    reach = int(np.ceil(2.45 * sigma))  # where the Gaussian is below 5 %
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    taps /= taps.sum()
    for k, (v, u) in enumerate(cells):
        padded = np.pad(heat[k].astype(np.float64), reach)

        def m(dv, du, padded=padded, v=v, u=u):
            window = padded[v + dv : v + dv + 2 * reach + 1, u + du : u + du + 2 * reach + 1]
            return np.log(taps @ window @ taps)

        g = np.array([m(0, 1) - m(0, -1), m(1, 0) - m(-1, 0)]) / 2
        xx, yy = (m(0, 2) - 2 * m(0, 0) + m(0, -2)) / 4, (m(2, 0) - 2 * m(0, 0) + m(-2, 0)) / 4
        xy = (m(1, 1) - m(-1, 1) - m(1, -1) + m(-1, -1)) / 4
        expected = (u, v) - np.linalg.inv([[xx, xy], [xy, yy]]) @ g
        np.testing.assert_allclose(got[k], expected, atol=0.01)


def test_the_mean_by_softmax_of_a_log_gaussian_is_its_centre(places):
    heat = np.stack([np.log(np.maximum(bell(x, y).astype(np.float64), 1e-30)) for x, y in places])
    np.testing.assert_allclose(read(heat, "integral"), places, atol=0.01)
    np.testing.assert_allclose(read(heat / 3, "integral", sharpness=3.0), places, atol=0.01)


@pytest.mark.parametrize("how", [*READERS, "dark", "integral"])
def test_mirrored_maps_give_mirrored_places(places, how):
    heat = np.stack([bell(x, y) for x, y in places])
    there, back = read(heat, how, 20.0), read(np.ascontiguousarray(heat[:, :, ::-1]), how, 20.0)
    np.testing.assert_allclose(back[:, 0], SHAPE[1] - 1 - there[:, 0], atol=1e-3)
    np.testing.assert_allclose(back[:, 1], there[:, 1], atol=1e-3)


@pytest.mark.parametrize("how", [*READERS, "dark", "integral"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (3, 3), (5, 5)])
def test_small_maps_are_read_inside(how, shape):
    rng = np.random.default_rng(1)
    heat = rng.uniform(0, 1, (20, *shape)).astype(np.float32)
    xy = read(heat, how)
    assert np.isfinite(xy).all()
    if how != "dark":  # a Newton step on noise may lead anywhere
        assert (xy >= -0.5).all()
        assert (xy <= np.array(shape[::-1]) - 0.5).all()
