"""What exported networks have in common: their header says what they are, their graph needs no torch weights."""

from __future__ import annotations

import errno
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bupose import methods
from bupose.errors import BuposeError, WeightsError
from bupose.nn.normalisation import Normalisation
from bupose.options import from_dict, shown
from bupose.process import NO_THREADS
from bupose.runtimes.network import pad_color
from bupose.weights.header import parse_exported, quoted
from bupose.wording import counted

# What onnxruntime puts before what it means to say: its error's kind and number, and where in its source that is.
_INTERNAL = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : |/\S+\.(?:cc|cpp|h|hpp):\d+ (?:\S.*?\) )?")
_PLACE = re.compile(r"Exception from \S+:\d+:$")  # OpenVINO's trace, above what went wrong


class ExportedNetwork(ABC):
    """The declaration of an exported network, as :class:`bupose.runtimes.network.Network` asks for it.

    Parameters
    ----------
    header : str or None
        What the file carries under ``bupose.weights.header.KEY``.
    path : Path
        For messages.

    A runtime's class gives :meth:`_maps`, and calls :meth:`_try` when it is ready.

    Raises
    ------
    WeightsError
        There is no header, or it cannot be read.
    """

    def __init__(self, header: str | None, path: Path):
        if header is None:
            raise WeightsError(
                f"{str(path)!r} is a network that bupose did not export; import it (scripts/import_weights.py), "
                "then export that (scripts/export.py)"
            )
        self.path, (self.config, self.multiple, self.grid) = path, parse_exported(header, path)
        self.skeleton, self.method = self.config.skeleton, self.config.method
        method = methods.get(self.method)
        self.specs = method.outputs(self.skeleton, from_dict(method.Target, self.config.target, "target"))
        self.decoder, self.preprocess = dict(self.config.decoder), dict(self.config.preprocess)
        self.target, self.category = dict(self.config.target), dict(self.config.category)
        self.pad = pad_color(Normalisation.from_dict(self.config.normalisation or Normalisation().to_dict()))

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """Maps of uint8 pictures (B, H, W, 3), RGB, float32 (B, rows, …, h, w).

        Raises
        ------
        WeightsError
            The graph does not do what its header says, or cannot be computed.
        """
        many, height, width = images.shape[:3]
        try:
            maps = tuple(np.asarray(one) for one in self._maps(images))
        except BuposeError:
            raise
        except Exception as problem:  # the runtimes' own kinds, which have no names
            if os.strerror(errno.EAGAIN) in str(problem):
                raise BuposeError(NO_THREADS) from None
            raise WeightsError(
                f"{quoted(self.path)} cannot be computed for {counted(many, 'picture')} of {width}x{height} px: "
                f"{first_line(problem)}; lower height, or export it anew"
            ) from None
        cells = self.grid.shape(width, height)
        for spec, one in zip(self.specs, maps, strict=True):
            wanted = (many, *(n or 1 for n in spec.shape), *cells)
            if one.shape != wanted or one.dtype != np.float32:
                raise WeightsError(
                    f"{quoted(self.path)} gives {spec.name} as {one.dtype} {one.shape} where its header says float32 "
                    f"{wanted}; export it anew"
                )
        return maps

    @abstractmethod
    def _maps(self, images: np.ndarray) -> Sequence[np.ndarray]:
        """What the runtime computes, whatever that is, in the order of ``specs``."""

    def _try(self) -> None:
        """Look once, at a grey picture, whether the graph does what the header says."""
        sides = 2 * self.multiple, 3 * self.multiple
        maps = self(np.full((1, *sides, 3), 128, np.uint8))
        if not all(np.isfinite(values).all() for values in maps):
            raise WeightsError(f"{quoted(self.path)} gives NaN or infinite fields; export it anew")


def read_file(path: Path) -> bytes:
    """A network file's content.

    Raises
    ------
    WeightsError
        It cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            raise WeightsError(f"{quoted(path)} is no ordinary file; give a network file")
        return path.read_bytes()
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise WeightsError(f"cannot read {quoted(path)}: {reason}; check the path") from None


def first_line(problem: Exception) -> str:
    """What a runtime's error says, in short."""
    lines = [line for line in map(str.strip, str(problem).splitlines()) if line and not _PLACE.match(line)]
    lines = lines or [type(problem).__name__]
    return shown(_INTERNAL.sub("", lines[0]), 200)[1:-1]
