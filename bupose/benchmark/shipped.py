"""The default network compared with a published one: milliseconds per picture, each at its own size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from bupose.benchmark.network import Runtime, make_batches, prepare_all, take_turns
from bupose.estimate.estimator import HEIGHT, Estimator
from bupose.estimate.preprocess import View
from bupose.nn import PoseNet
from bupose.runtimes.openvino_core import compile_model, get_core


def beside_published(
    ways: Sequence[Runtime], published: PoseNet, ir: Path, files: Sequence[Path], rounds: int = 7
) -> list[dict]:
    """Milliseconds per picture, and as a multiple of the published network's, one picture at a time.

    Parameters
    ----------
    ways : sequence of Runtime
        Our network, at its own height.
    published : PoseNet
        Gives the preprocessing; the height is 368.
    ir : path
        The same network, driven directly by OpenVINO for pictures of the most frequent size.

    Notes
    -----
    Networks only, ours at all its scales, on prepared pictures. They alternate; the multiple is the median over rounds.
    """

    batch = max(make_batches(prepare_all(Estimator(published, height=HEIGHT), files), len(files)), key=len)
    pixels = np.stack([views[0].pixels for views in batch])
    floats = np.ascontiguousarray(pixels[..., ::-1].transpose(0, 3, 1, 2), dtype=np.float32)
    core = get_core()
    model = core.read_model(ir)
    model.reshape([1, *floats.shape[1:]])
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    request = compile_model(model, options).create_infer_request()
    direct = f"{ir.stem}, OpenVINO directly"
    works: dict[str, Callable[[], object]] = {
        direct: lambda: [request.infer({0: floats[n : n + 1]}) for n in range(len(floats))]
    }
    sizes = {direct: pixels.shape[1:3]}
    estimators = [Estimator(way.net, precision=way.precision, runtime=way.runtime) for way in ways]
    for way, estimator in zip(ways, estimators, strict=True):
        ready = max(make_batches(prepare_all(estimator, files), len(files)), key=len)
        same = [ready[n % len(ready)] for n in range(len(pixels))]
        name = f"ours, {way.name}"
        works[name] = partial(_run_each, estimator, same)
        sizes[name] = same[0][0].pixels.shape[:2]
    taken = take_turns(works, rounds, estimators)
    return [
        {
            "network": name,
            "input px": f"{sizes[name][1]}x{sizes[name][0]}",
            "ms": 1e3 * float(np.median(times)) / len(pixels),
            "multiple": float(np.median(times / taken[direct])),
        }
        for name, times in taken.items()
    ]


def _run_each(estimator: Estimator, photos: Sequence[list[View]]) -> None:
    for views in photos:
        estimator.pipeline.run([views])
