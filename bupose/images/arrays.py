"""Pictures in memory as uint8 RGB: arrays, tensors, PIL images."""

from __future__ import annotations

import sys

import numpy as np

from bupose.errors import InputError
from bupose.images.decode import flatten
from bupose.images.exif import ORIENTATION, UPRIGHT, turn
from bupose.images.files import FAULTS, reason

CHANNELS = (1, 3, 4)
OVERSHOOT = 0.25  # tolerance beyond 0 and 1: the overshoot of bicubic resizing; normalised network input exceeds it


def from_memory(image) -> np.ndarray:
    """Convert a picture in memory to uint8 RGB, upright, with transparency in white.

    Parameters
    ----------
    image : array, tensor or PIL.Image.Image
        (H, W), (H, W, 1), (H, W, 3) or (H, W, 4): grey, RGB or RGBA; or with the channels first, (3, H, W), if
        unambiguous. uint8, uint16 over its full range, bool, or floats from 0 to 1. PIL images are rotated by their
        EXIF orientation.

    Returns
    -------
    uint8 array (H, W, 3)
        ``image`` itself if it has this form.

    Raises
    ------
    InputError
        It is none of these, or ambiguous; the message says what to write.
    """
    orientation = UPRIGHT
    pil, torch = (
        sys.modules.get("PIL.Image"),
        sys.modules.get("torch"),
    )  # imported by the caller already
    if pil is not None and isinstance(image, pil.Image):
        array, orientation = _open_pil(image)
    elif torch is not None and isinstance(image, torch.Tensor):
        tensor = image.detach().cpu()
        array = (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    else:
        try:
            array = np.asarray(image)
        except (TypeError, ValueError):  # ragged lists
            raise InputError(_sentence(type(image).__name__)) from None
    return turn(flatten(_check_numbers(_put_channels_last(array, image))), orientation)


def _open_pil(image) -> tuple[np.ndarray, int]:
    """The pixels as stored, and EXIF's orientation."""
    try:
        orientation = image.getexif().get(ORIENTATION, UPRIGHT)
        transparent = image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info
        plain = image.mode in ("F", "I") or image.mode.startswith("I;16")
        array = np.asarray(image if plain else image.convert("RGBA" if transparent else "RGB"))
    except (*FAULTS, SyntaxError) as problem:
        raise InputError(f"this PIL picture cannot be read: {reason(problem)}; open it anew") from None
    return array, orientation


def _put_channels_last(array: np.ndarray, given) -> np.ndarray:
    shape = array.shape
    if array.ndim == 4 and 0 not in shape:
        raise InputError(f"an array {shape} is a batch of {shape[0]}, where one picture belongs; give list(batch)")
    if array.ndim not in (2, 3) or 0 in shape or array.dtype.kind not in "buif":
        whose = None if given is None else type(given).__name__
        raise InputError(_sentence(f"{array.dtype} {shape}" if array.ndim else f"{whose}"))
    if array.ndim == 2:
        return array[..., None]
    if shape[2] in CHANNELS:
        return array
    if shape[0] in CHANNELS and shape[2] > max(CHANNELS):
        return np.moveaxis(array, 0, 2)
    raise InputError(_sentence(f"{array.dtype} {shape}"))


def _check_numbers(array: np.ndarray) -> np.ndarray:
    """Check the type and range for :func:`bupose.images.decode.flatten`."""
    kind = array.dtype
    if kind.kind == "b":
        return array * np.uint8(255)
    if kind.kind == "u" and kind.itemsize <= 2:
        return np.ascontiguousarray(array)
    if kind.kind != "f":
        fitting = "uint8" if array.max() <= 255 else "uint16"  # values out of range would wrap around
        raise InputError(
            f"a picture's whole numbers are uint8 or uint16; got {kind}: write picture.astype(np.{fitting})"
        )
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        raise InputError("a picture's floats are from 0 to 1; these hold NaN or infinity")
    if low >= -OVERSHOOT and high <= 1 + OVERSHOOT:
        return array.astype(np.float32, copy=False)
    if low >= 0 and 2 < high <= 255:
        raise InputError(f"a picture's floats are from 0 to 1; these reach {high:g}: write picture.astype(np.uint8)")
    raise InputError(
        f"a picture's floats are from 0 to 1; these are from {low:g} to {high:g}: give it as it was before it was made "
        "ready for a network"
    )


def _sentence(got: str) -> str:
    return (
        "a picture is a path, a file's bytes, a PIL image, or an array (H, W, 3) in RGB, uint8 or floats from 0 to 1; "
        f"got {got[:80]}"
    )
