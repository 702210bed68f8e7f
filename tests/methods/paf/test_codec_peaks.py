"""Blurred heatmaps: still Gaussians where they were, and steadier places where they are noisy."""

import numpy as np
from scipy.ndimage import gaussian_filter

from bupose import skeletons
from bupose.maps import Grid
from bupose.methods.paf import FieldCodec, TargetOptions
from bupose.methods.paf.fields import Fields
from bupose.methods.peaks import find_peaks, smooth
from bupose.people import Labels


def bumps(rng, count, noise=0.0, sigma=1.75, side=24):
    """``count`` heatmaps with one Gaussian each, somewhere in the middle, and where."""
    places = rng.uniform(8, side - 9, (count, 2))
    y, x = np.mgrid[:side, :side]
    squares = (x - places[:, 0, None, None]) ** 2 + (y - places[:, 1, None, None]) ** 2
    heat = 0.8 * np.exp(-squares / (2 * sigma**2)) + rng.normal(0, noise, squares.shape)
    return heat.astype(np.float32), places


def test_it_is_scipys_gaussian_filter():
    heat, _ = bumps(np.random.default_rng(0), 4, noise=0.1)
    for sigma in (0.6, 1.0, 2.0):
        expected = gaussian_filter(heat, (0, sigma, sigma), mode="nearest", truncate=4)
        np.testing.assert_allclose(smooth(heat, sigma), expected, atol=0.02)


def test_gaussians_stay_where_they_are_and_become_wider():
    """The variances of two Gaussians add when one blurs the other."""
    heat, places = bumps(np.random.default_rng(1), 50)
    blurred = smooth(heat, 1.0)
    peaks = find_peaks(blurred, 0.1)
    assert len(peaks) == 50
    np.testing.assert_allclose(peaks.xy, places, atol=0.02)
    heights = blurred.max((1, 2)) / heat.max((1, 2))
    np.testing.assert_allclose(heights, 1.75**2 / (1.75**2 + 1), rtol=0.05)


def test_noise_moves_joints_less():
    heat, places = bumps(np.random.default_rng(2), 300, noise=0.05)

    def error(heat):
        peaks = find_peaks(heat, 0.3)
        best = [np.flatnonzero(peaks.joint == k)[np.argmax(peaks.score[peaks.joint == k])] for k in range(len(heat))]
        return np.sqrt(np.mean((peaks.xy[best] - places) ** 2))

    assert error(smooth(heat, 1.0)) < 0.6 * error(heat)


def test_the_codec_reads_blurred_heatmaps_and_shows_them():
    skeleton = skeletons.get("coco17")
    codec = FieldCodec(skeleton, Grid(4), TargetOptions(sigma=7))
    xy = np.random.default_rng(3).uniform(40, 200, (1, 17, 2))
    targets = codec.encode(Labels(xy, np.full((1, 17), 2), skeleton), (240, 240))
    fields = Fields(targets.heat, targets.paf, targets.grid, skeleton)
    trace = codec.with_decoder(smooth=1.5).explain(fields)
    np.testing.assert_array_equal(trace.fields.heat, smooth(fields.heat, 1.5))
    np.testing.assert_array_equal(trace.fields.paf, fields.paf)
    np.testing.assert_array_equal(codec.explain(fields).fields.heat, fields.heat)
