"""Input normalisation: channel order, mean and standard deviation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bupose.errors import OptionsError
from bupose.options import check, from_dict, option, shown


@dataclass(frozen=True)
class Normalisation:
    """Network input = (pixels in ``order`` − ``mean``) / ``std``, pixels in 0..255; mean and std in that order."""

    order: str = option("rgb", among=("rgb", "bgr"))
    mean: tuple[float, float, float] = option((0.0, 0.0, 0.0), -10_000, 10_000)
    std: tuple[float, float, float] = option((1.0, 1.0, 1.0), 0.001, 10_000)

    def __post_init__(self) -> None:
        check(self, "normalisation")

    def to_dict(self) -> dict:
        """Plain values, ready for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping) -> Normalisation:
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        OptionsError
            A key is missing or unknown, the order is neither rgb nor bgr, or there are not three numbers each.
        """
        made = from_dict(cls, values, "normalisation")
        if missing := [name for name in ("order", "mean", "std") if name not in values]:
            raise OptionsError(f"normalisation is {shown(values)}; it needs {' and '.join(missing)}, too")
        return made


NORMALISATIONS = {
    # torchvision and the HRNet authors: ImageNet statistics of RGB in 0..1.
    "imagenet": Normalisation("rgb", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    # The VGG authors' Caffe models.
    "caffe": Normalisation("bgr", (103.939, 116.779, 123.68), (1.0, 1.0, 1.0)),
    # OpenPose and lightweight OpenPose.
    "openpose": Normalisation("bgr", (128.0, 128.0, 128.0), (256.0, 256.0, 256.0)),
    # TensorFlow's MobileNets: RGB in -1..1.
    "tensorflow": Normalisation("rgb", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "none": Normalisation("rgb", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
