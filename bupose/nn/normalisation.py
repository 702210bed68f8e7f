"""What a network wants its input to be: the order of the colours, and what to subtract and divide by."""

from __future__ import annotations

from typing import NamedTuple

from bupose.errors import OptionsError


class Normalisation(NamedTuple):
    """Network input = (pixels in ``order`` − ``mean``) / ``std``, pixels in 0..255; mean and std in that order."""

    order: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def to_dict(self) -> dict:
        """Plain values, ready for JSON."""
        return {"order": self.order, "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: dict) -> Normalisation:
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        OptionsError
            A key is missing or unknown, the order is neither rgb nor bgr, or there are not three numbers each.
        """
        try:
            made = cls(values["order"], tuple(map(float, values["mean"])), tuple(map(float, values["std"])))
        except (KeyError, TypeError, ValueError) as problem:
            raise OptionsError(f"normalisation needs order, mean and std; {values!r} fails on {problem}") from None
        if set(values) != set(cls._fields) or made.order not in ("rgb", "bgr"):
            raise OptionsError(f"normalisation has order (rgb or bgr), mean and std, nothing else; got {values!r}")
        if len(made.mean) != 3 or len(made.std) != 3 or min(made.std) <= 0:
            raise OptionsError(f"normalisation needs three means and three stds above 0; got {values!r}")
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
