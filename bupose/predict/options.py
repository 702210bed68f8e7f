"""What can be chosen about inference; each class is the schema of the script of its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bupose.errors import OptionsError
from bupose.estimate.options import NetworkOptions
from bupose.methods import DecoderOverrides
from bupose.methods.options import given
from bupose.options import check, option, shown
from bupose.viz.overlay import OverlayOptions

PICTURES = ("jpg", "png")


def flat_settings(options) -> dict:
    """All options by name, those of groups as ``decoder.samples``; decode options only where chosen."""
    groups = {"decoder": given(options.decoder), "overlay": vars(options.overlay)}
    plain = {name: value for name, value in vars(options).items() if name not in groups}
    return plain | {f"{group}.{name}": value for group, values in groups.items() for name, value in values.items()}


@dataclass
class GroupOptions:
    """Group saved fields into people.

    Parameters
    ----------
    input : path
        An .npz file of fields (bupose.fields_file), of one or many pictures.
    output : path
        Folder for the results; null is out, or out-2, out-3, … where out holds those of another run.
    overwrite : bool
        Another run's results in that folder may be replaced.
    photo : path
        The photo of a file with one picture; asks for an overlay.
    photos : path
        Folder with the photos that the file names; asks for overlays.
    layout : openpose or bupose
        Channel order where the file names no skeleton: OpenPose's, or the skeleton's own.
    skeleton : name or .yaml path
        Where the file names none.
    stride : int
        Where the file names none; network pixels a cell.
    scale : float
        Network pixels a photo pixel, where the file does not tell.
    openpose : bool
        Write an OpenPose JSON file a picture; null where most joints are OpenPose's.
    fields_pictures : bool
        Write a picture of the fields.
    overlay_format : jpg or png
    completed : bool
        Keep joints without a peak of their own; false is decoder.completion=false.
    overlay.* : see OverlayOptions
    decoder.* : see DecodeOptions
        null keeps what the file says (bupose infer notes its own), else the default.
    """

    input: str | None = option(None, path=True)
    output: str | None = option(None, path=True)
    overwrite: bool = option(False)
    photo: str | None = option(None, path=True)
    photos: str | None = option(None, path=True)
    layout: str = option("openpose", among=("openpose", "bupose"))
    skeleton: str = option("coco18", path=True)
    stride: int = option(8, 1, 1024)
    scale: float | None = option(None, 1e-6, 1e6)
    openpose: bool | None = option(None)
    fields_pictures: bool = option(False)
    overlay_format: str = option("jpg", among=PICTURES)
    completed: bool = option(True)
    overlay: OverlayOptions = field(default_factory=OverlayOptions)
    decoder: DecoderOverrides = field(default_factory=DecoderOverrides)

    def __post_init__(self) -> None:
        if not self.input:
            raise OptionsError("there is no input; give input=FILE.npz, a file of saved fields")
        check(self)
        if self.photo and self.photos:
            raise OptionsError("photo and photos are both given; give the one photo, or the folder of many")


@dataclass
class InferOptions(NetworkOptions):
    """Find people in pictures and videos.

    Parameters
    ----------
    input : path, list or number
        A picture, video, folder (searched with its subfolders), pattern, .txt list of paths and patterns, URL of a
        stream, number of a camera, or a list of these.
    output : path
        Folder for the results; null is out, or out-2, out-3, … where out holds those of another run.
    compile : bool
        Use torch.compile: a slow start, then faster.
    json, csv : bool
        Write coco_results.json, people.csv.
    openpose : bool
        Write an OpenPose JSON file a picture; null where most of the network's joints are OpenPose's.
    overlays, fields, fields_pictures : bool
        Write pictures (or a video) with people drawn in, fields as .npz, pictures of the fields.
    overlay_format : jpg or png
    overlay.* : see OverlayOptions
        Colours, labels, boxes, the least score drawn.
    resume : bool
        Go on with an interrupted run over the same pictures, if there is one.
    overwrite : bool
        Another run's results in that folder may be replaced.
    show : bool
        Show overlays in a window; q or Escape ends.
    """

    input: Any = option(None, path=True)
    output: str | None = option(None, path=True)
    compile: bool = option(False)
    json: bool = option(True)
    openpose: bool | None = option(None)
    csv: bool = option(False)
    overlays: bool = option(True)
    fields: bool = option(False)
    fields_pictures: bool = option(False)
    overlay_format: str = option("jpg", among=PICTURES)
    overlay: OverlayOptions = field(default_factory=OverlayOptions)
    resume: bool = option(False)
    overwrite: bool = option(False)
    show: bool = option(False)

    def __post_init__(self) -> None:
        if self.input in (None, "", []):
            raise OptionsError("there is no input; give input= a picture, folder, video, camera number or URL")
        if not isinstance(self.input, (str, int, list)) or isinstance(self.input, bool):
            raise OptionsError(
                f"input is {shown(self.input)}; give a path, a camera number, or a list of them in brackets"
            )
        super().__post_init__()
