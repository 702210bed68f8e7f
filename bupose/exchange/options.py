"""Options of conversion."""

from __future__ import annotations

from dataclasses import dataclass, field

from bupose.errors import OptionsError
from bupose.exchange.formats import FORMATS
from bupose.exchange.formats.options import WriteOptions
from bupose.options import check, option

READABLE = tuple(name for name, form in FORMATS.items() if form.read)
WRITABLE = tuple(name for name, form in FORMATS.items() if form.write)


@dataclass
class ConvertOptions:
    """Write poses in another program's format.

    Parameters
    ----------
    input : path
        A folder that bupose infer wrote, its coco_results.json, or a file of another format.
    kind : auto or a readable format
        Of the input; auto recognises it.
    skeleton : name or .yaml path
        Joints of the input, if it does not name them, else those to write; null keeps the input's.
    to : a writable format
    output : path
        Output folder; null is out, or out-2, out-3, … if out holds another run's results.
    overwrite : bool
        Replace another run's results in that folder.
    write.* : see WriteOptions
    """

    input: str | None = option(None, path=True)
    kind: str = option("auto", among=("auto", *READABLE))
    skeleton: str | None = option(None, path=True)
    to: str | None = option(None, among=WRITABLE)
    output: str | None = option(None, path=True)
    overwrite: bool = option(False)
    write: WriteOptions = field(default_factory=WriteOptions)

    def __post_init__(self) -> None:
        if not self.input:
            raise OptionsError("there is no input; give input= a folder that bupose infer wrote, or a file of poses")
        if self.to is None:
            raise OptionsError(f"no format to write is given; set to= one of {', '.join(WRITABLE)}")
        check(self)
