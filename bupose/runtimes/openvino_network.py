"""Exported networks run by OpenVINO."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from bupose.errors import DependencyError, OptionsError, WeightsError
from bupose.options import choose, shown
from bupose.runtimes.compiled import compile_kept
from bupose.runtimes.exported import ExportedNetwork, first_line
from bupose.runtimes.openvino_core import check_process, get_core
from bupose.weights.header import KEY, quoted

if TYPE_CHECKING:
    import openvino

OFTEN, SIZES = 4, 6  # pictures of a size after which it is compiled for, and so many sizes at most
PRECISIONS = {"auto": "f32", "float32": "f32", "bfloat16": "bf16", "float16": "f16"}


_Key = tuple[str, tuple[int, int] | None]  # performance hint, and (height, width) or None: any


@cache
def _background() -> ThreadPoolExecutor:
    """One thread for all networks: compiling takes a processor's time from those that work."""
    return ThreadPoolExecutor(1, "bupose-compile")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_background.cache_clear)  # a forked process does not have the thread


class OpenVinoNetwork(ExportedNetwork):
    """An ``.xml`` of ``scripts/export.py`` with its ``.bin``; a :class:`bupose.runtimes.network.Network`.

    The pictures of a batch go through one at a time, as many at once as there are threads: one thread to a picture
    is the fastest on a CPU. A single picture gets all threads. The first size is compiled for at once, others in the
    background when a few pictures of them have come; until then a graph of any size runs them, which takes longer.
    Calls from several threads take turns.

    Parameters
    ----------
    path : path
    device : auto or cpu
    precision : "float32", "bfloat16", "float16" or "auto"
        Of what is not in 8 bits. Auto is float32.
    threads : int
    tried : bool
        It is known to work: nothing is compiled before the first picture.
    keep : path, optional
        Folder for what is compiled, so that the next process need not do it again.

    Raises
    ------
    WeightsError
        A file is missing, damaged or was not exported by bupose.
    OptionsError
        A device or precision that is not to be had.
    DependencyError
        openvino is not installed, or has run in the process that this one was forked from.
    """

    def __init__(
        self,
        path: str | Path,
        device: str = "auto",
        precision: str = "float32",
        threads: int = 1,
        *,
        tried: bool = False,
        keep: Path | None = None,
    ):
        try:
            import openvino
        except ImportError:
            raise DependencyError("an .xml network needs openvino; pip install openvino") from None
        if device not in ("auto", "cpu"):
            raise OptionsError(f"device is {device!r}; an OpenVINO network runs on the cpu: choose auto or cpu")
        choose(precision, PRECISIONS, "precision")
        path = Path(path)
        for file in (path, path.with_suffix(".bin")):
            if not file.is_file():
                raise WeightsError(f"there is no {quoted(file)}; an OpenVINO network is a .xml and a .bin side by side")
        self._openvino, core = openvino, get_core()
        try:
            model = core.read_model(path)
            header = model.get_rt_info([KEY]).astype(str) if model.has_rt_info([KEY]) else None
        except Exception as problem:  # of many kinds
            last = str(problem).strip().split("\n")[-1]
            raise WeightsError(
                f"{quoted(path)} is damaged or no OpenVINO network: {shown(last, 200)[1:-1]}; get a fresh copy"
            ) from None
        super().__init__(header, path)
        names = {name for output in model.outputs for name in output.names}
        if len(model.inputs) != 1 or not {spec.name for spec in self.specs} <= names:
            raise WeightsError(f"{quoted(path)} has other inputs and outputs than bupose exports; export it anew")
        try:
            steps = openvino.preprocess.PrePostProcessor(model)
            steps.input().tensor().set_layout(openvino.Layout("NHWC"))
            steps.input().model().set_layout(openvino.Layout("NCHW"))
            self._model, self.threads, self._precision = steps.build(), threads, PRECISIONS[precision]
        except Exception as problem:
            raise WeightsError(
                f"{quoted(path)} does not take pictures as bupose's networks do: {first_line(problem)}; export it anew"
            ) from None
        self.how, self._keep = f"OpenVINO, {precision}", keep
        self._queues: dict[_Key, openvino.AsyncInferQueue] = {}
        self._compiling: dict[_Key, Future[openvino.AsyncInferQueue]] = {}
        self._seen: Counter[tuple[int, int]] = Counter()
        self._turn = Lock()  # a queue has one callback, which knows whose pictures they are
        if not tried:
            self._queues["LATENCY", None] = self._compile("LATENCY", None)
            self._try()
            self._seen.clear()

    def _maps(self, images: np.ndarray) -> list[np.ndarray]:
        check_process()
        with self._turn:
            return self._run(images)

    def _run(self, images: np.ndarray) -> list[np.ndarray]:
        many, names = len(images), [spec.name for spec in self.specs]
        found: list[tuple[np.ndarray, ...]] = [()] * many
        height, width = images.shape[1:3]
        queue = self._queue("LATENCY" if many == 1 else "THROUGHPUT", (height, width), many)

        def keep(request: openvino.InferRequest, n: int) -> None:
            found[n] = tuple(request.get_tensor(name).data.copy() for name in names)

        queue.set_callback(keep)
        for n in range(many):
            queue.start_async({0: images[n : n + 1]}, n)
        queue.wait_all()
        return [np.concatenate(maps) for maps in zip(*found, strict=True)]

    def settle(self) -> None:
        """Wait for the graphs that are being compiled in the background: what is measured is to be fast already."""
        for job in list(self._compiling.values()):
            job.result()

    def _queue(self, hint: str, size: tuple[int, int], many: int) -> openvino.AsyncInferQueue:
        """The best that is ready for pictures of this (height, width), of which ``many`` more have come."""
        first = not self._seen
        self._seen[size] += many
        wanted, single = (hint, size), ("LATENCY", size)
        for key, job in list(self._compiling.items()):
            if job.done():
                self._queues[key] = self._compiling.pop(key).result()
        if first and not self._queues:
            self._queues[single] = self._compile(*single)
        fixed = {size for _, size in (*self._queues, *self._compiling) if size}
        missing = wanted not in self._queues and wanted not in self._compiling
        if missing and self._seen[size] >= OFTEN and (size in fixed or len(fixed) < SIZES):
            self._compiling[wanted] = _background().submit(self._compile, *wanted)
        for key in (wanted, single, (hint, None)):
            if key in self._queues:
                return self._queues[key]
        free: _Key = ("LATENCY", None)
        if free not in self._queues:
            self._queues[free] = self._compile(*free)
        return self._queues[free]

    def _compile(self, hint: str, size: tuple[int, int] | None) -> openvino.AsyncInferQueue:
        model = self._model.clone()
        if size is not None:
            model.reshape([1, *size, 3])
        options = {
            "PERFORMANCE_HINT": hint,
            "INFERENCE_NUM_THREADS": self.threads,
            "INFERENCE_PRECISION_HINT": self._precision,
            # Each process would tie its threads to the first processors, so that workers shared one and left others.
            "ENABLE_CPU_PINNING": self.threads >= (os.cpu_count() or 1),
        }
        sides = "any" if size is None else f"{size[1]}x{size[0]}"
        name = f"{sides}-{hint.lower()}-{self.threads}-{self._precision}"
        compiled = compile_kept(model, options, self._keep and self._keep / name)
        return self._openvino.AsyncInferQueue(compiled)
