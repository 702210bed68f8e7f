"""What exported networks have in common: their header says what they are, their graph needs no torch weights."""

from __future__ import annotations

from pathlib import Path

from bupose.errors import BuposeError, WeightsError
from bupose.infer.network import pad_color
from bupose.nn.model import declare
from bupose.weights.header import parse_config


class ExportedNetwork:
    """The declaration of an exported network, as :class:`bupose.infer.network.Network` asks for it.

    Parameters
    ----------
    header : str or None
        What the file carries under ``bupose.weights.header.KEY``.
    path : Path
        For messages.

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
        self.config = parse_config(header, path)
        try:
            net = declare(self.config)
        except BuposeError as problem:
            raise WeightsError(f"{str(path)!r} describes a network this bupose cannot build: {problem}") from None
        self.skeleton, self.grid, self.multiple = net.skeleton, net.grid, net.multiple
        self.decoder, self.preprocess = dict(self.config.decoder), dict(self.config.preprocess)
        self.target = dict(self.config.target)
        self.pad = pad_color(net.config.normalisation)
