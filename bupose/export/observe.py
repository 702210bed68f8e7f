"""Calibration: what 8 bits have to tell apart, observed while a network looks at pictures."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bupose import weights
from bupose.export.calibration import prepare_all
from bupose.images import Photo
from bupose.nn.model import PoseNet
from bupose.paths import expand
from bupose.runtimes.eight_bits import LEVELS, fit_range
from bupose.weights.header import replace_config

BINS = 2048  # of a histogram of values
MOST_LOST = 0.1  # of an input's root mean square, by rounding; what loses more stays in floating point
SHARES = np.linspace(1, 0.3, 15).tolist()  # of the least and of the largest value: where a range may end


def calibrate(
    path: str | Path, pictures: Iterable[Photo], output: str | Path | None = None
) -> dict[str, dict[str, list[float]]]:
    """Write into a network file what its convolutions' inputs are like, so that it can be computed in 8 bits.

    Its weights stay byte for byte what they are.

    Parameters
    ----------
    path : path
        A bupose network file.
    pictures : iterable of Photo
        Like those to come; some thirty do.
    output : path, optional
        Another file; by default the same.

    Returns
    -------
    dict
        ``NetworkConfig.activations``.

    Raises
    ------
    WeightsError
        The file is damaged or no network.
    InputError
        It cannot be written.
    """
    path = expand(path)
    net = weights.load(path)
    found = observe_activations(net, prepare_all(net, pictures))
    replace_config(path, path if output is None else expand(output), dataclasses.replace(net.config, activations=found))
    return found


def observe_activations(net: PoseNet, pictures: Sequence[np.ndarray]) -> dict[str, dict[str, list[float]]]:
    """For every convolution that may be computed in 8 bits, its input's ``range`` and each channel's ``mean``.

    The range is that of the network as :meth:`PoseNet.centre` leaves it, by :func:`find_range`. Parts named in
    ``KEEP_FLOAT`` stay out, and convolutions whose input 256 levels cannot hold, as where channels differ a
    thousandfold: human-pose-estimation-0001 has one, with which its AP is 55.8, and 57.2 without (57.9 in float32).

    Parameters
    ----------
    net : PoseNet
    pictures : sequence of uint8 arrays (1, H, W, 3)
        As the network takes them; see :func:`bupose.export.calibration_pictures`.
    """
    fused = net.fuse()
    means: dict[str, list[Tensor]] = {}
    ends: dict[str, Sequence[Tensor]] = {}
    counts: dict[str, np.ndarray] = {}

    def add_mean(name: str, values: Tensor) -> None:
        means.setdefault(name, []).append(values.mean((0, 2, 3)))

    def widen(name: str, values: Tensor) -> None:
        ends[name] = torch.stack([*values.aminmax(), *ends.get(name, ())]).aminmax()

    _watch(fused, add_mean, pictures)
    mean = {name: round_off(torch.stack(values).mean(0)) for name, values in means.items()}
    fused.centre({name: torch.tensor(values) for name, values in mean.items()})

    def count(name: str, values: Tensor) -> None:
        least, largest = map(float, ends[name])
        counts[name] = counts.get(name, 0) + torch.histc(values, BINS, least, largest).double().numpy()

    _watch(fused, widen, pictures)
    _watch(fused, count, pictures)
    floats, found = float_names(net), {}
    for name in mean:
        if not name.startswith(floats):
            (least, largest), lost = find_range([float(end) for end in ends[name]], counts[name])
            if lost <= MOST_LOST:
                found[name] = {"range": [round(least, 6), round(largest, 6)], "mean": mean[name]}
    return found


def find_range(ends: Sequence[float], counts: np.ndarray) -> tuple[tuple[float, float], float]:
    """The range whose levels give values the least mean squared error; what lies outside becomes its end.

    Parameters
    ----------
    ends : least, largest
        Of the values.
    counts : float array (B,)
        How many lie in each of B equal intervals between.

    Returns
    -------
    (least, largest), float
        The range, and the root mean square of the error as a share of the values'.

    Notes
    -----
    Nagel et al. 2021, "A white paper on neural network quantization", section 3.1: the few values that are cut off cost
    less than the larger steps for all others. The network that comes along has AP 56.9 in OpenVINO's 8 bits with these
    ranges, 56.6 with those from the least to the largest value of the same 32 photos.
    """
    least, largest = ends
    middles = least + (np.arange(len(counts)) + 0.5) * (largest - least) / len(counts)
    best, smallest = fit_range(least, largest), float("inf")
    for low, high in itertools.product(SHARES, SHARES):
        start, end = fit_range(low * least, high * largest)
        step = (end - start) / (LEVELS - 1)
        rounded = start + np.clip(np.round((middles - start) / step), 0, LEVELS - 1) * step
        error = float(counts @ (middles - rounded) ** 2)
        if error < smallest:
            best, smallest = (start, end), error
    return best, math.sqrt(smallest / max(float(counts @ middles**2), 1e-30))


def float_names(net: PoseNet) -> tuple[str, ...]:
    """How the names of convolutions begin that stay in floating point while the rest is in 8 bits."""
    parts = {"trunk": net.trunk.KEEP_FLOAT, "head": net.head.KEEP_FLOAT}
    return tuple(f"{name}.{delicate}." for name, kept in parts.items() for delicate in kept)


def round_off(values: Tensor) -> list[float]:
    """Numbers of four significant digits, which keep a file's header short."""
    return [float(f"{value:.4g}") for value in values.tolist()]


def _watch(net: PoseNet, note: Callable[[str, Tensor], None], pictures: Sequence[np.ndarray]) -> None:
    with _hooked(net, note), torch.inference_mode():
        for images in pictures:
            net(torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))))


@contextmanager
def _hooked(net: PoseNet, note: Callable[[str, Tensor], None]) -> Iterator[None]:
    """While it holds, ``note`` gets every convolution's name and input."""

    def hook(name: str) -> Callable[..., None]:
        return lambda _, inputs: note(name, inputs[0])

    convolutions = [(name, module) for name, module in net.named_modules() if isinstance(module, nn.Conv2d)]
    hooks = [module.register_forward_pre_hook(hook(name)) for name, module in convolutions]
    try:
        yield
    finally:
        for one in hooks:
            one.remove()
