"""Pictures in memory against the same picture in a file, and what may mean several things is refused."""

import io
import re

import cv2
import numpy as np
import pytest

from bupose.errors import InputError
from bupose.images import from_memory, read_image
from bupose.viz import as_rgb

RGB = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
GREY, ALPHA = RGB[..., 0], RGB[..., 1]


def from_file(array) -> np.ndarray:
    """What is read from a PNG of the array, RGB or RGBA."""
    order = {2: np.s_[:, :], 3: np.s_[..., [2, 1, 0, 3][: array.shape[-1]]]}[array.ndim]
    return read_image(cv2.imencode(".png", array[order])[1].tobytes())


def assert_as_read(got, wanted, kind):
    """Of 16 bits OpenCV keeps the upper 8, which is the nearest of 8 bits or one less."""
    atol = 1 if kind == np.uint16 else 0
    np.testing.assert_allclose(got.astype(int), wanted, rtol=0, atol=atol)


STORED = {
    "grey": GREY,
    "RGB": RGB,
    "RGBA": np.dstack([RGB, ALPHA]),
    "16 bits": RGB.astype(np.uint16) * 256 + GREY[..., None],
    "16 bits grey": GREY.astype(np.uint16) * 256 + ALPHA,
}


@pytest.mark.parametrize("name", STORED)
def test_an_array_is_what_a_file_of_it_is(name):
    array = STORED[name]
    assert_as_read(from_memory(array), from_file(array), array.dtype)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_from_0_to_1(kind):
    np.testing.assert_array_equal(from_memory((RGB / 255).astype(kind)), RGB)
    np.testing.assert_array_equal(from_memory((GREY / 255).astype(kind)), from_memory(GREY))


def test_edges_that_overshoot_are_cut_off():
    edge = np.repeat(np.eye(9)[..., None], 3, 2)
    larger = cv2.resize(edge, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    assert larger.min() < 0
    assert larger.max() > 1
    np.testing.assert_array_equal(from_memory(larger), np.rint(255 * np.clip(larger, 0, 1)))


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (RGB.transpose(2, 0, 1), RGB),
        (GREY[None], from_file(GREY)),
        (np.dstack([RGB, ALPHA]).transpose(2, 0, 1), from_file(np.dstack([RGB, ALPHA]))),
        (GREY[..., None], from_file(GREY)),
        (GREY > 99, from_file(np.where(GREY > 99, 255, 0).astype(np.uint8))),
        (RGB.tolist(), RGB),
        (RGB[:1], RGB[:1]),
        (RGB[:, :1], RGB[:, :1]),
    ],
    ids=["channels first", "one channel first", "four channels first", "one channel", "bool", "lists", "row", "column"],
)
def test_other_forms(array, wanted):
    array = np.uint8(array) if isinstance(array, list) else array
    np.testing.assert_array_equal(from_memory(array), wanted)


def test_a_picture_that_is_one_already_is_not_copied_but_viz_draws_on_a_copy():
    assert from_memory(RGB) is RGB or np.may_share_memory(from_memory(RGB), RGB)
    assert not np.may_share_memory(as_rgb(RGB), RGB)


def test_tensors():
    torch = pytest.importorskip("torch", reason="needs torch")
    tensor = torch.from_numpy(RGB.copy())
    first = tensor.permute(2, 0, 1)
    for given in (tensor, first, tensor / 255, (first / 255).requires_grad_(), first.double() / 255):
        np.testing.assert_array_equal(from_memory(given), RGB)
    np.testing.assert_allclose(from_memory((first / 255).bfloat16()).astype(int), RGB, atol=1)  # 8 bits of mantissa
    with pytest.raises(InputError, match=r"give list\(batch\)"):
        from_memory(first[None])
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with pytest.raises(InputError, match="ready for a network"):
        from_memory((tensor / 255 - mean) / std)


class TestPil:
    @pytest.fixture
    def pil(self):
        return pytest.importorskip("PIL.Image", reason="needs Pillow, which matplotlib brings")

    def test_every_way_to_hold_a_photo(self, pil):
        """Against the file that PIL itself writes, read by OpenCV."""
        transparent = np.dstack([RGB, np.where(GREY > 99, 255, 0).astype(np.uint8)])
        pictures = [pil.fromarray(a) for a in (GREY, RGB, transparent, STORED["16 bits grey"], GREY > 99)]
        pictures += [pil.fromarray(RGB).convert("P"), pil.fromarray(transparent).convert("LA")]
        for picture in pictures:
            file = io.BytesIO()
            picture.save(file, "PNG")
            assert_as_read(from_memory(picture), read_image(file.getvalue()), np.asarray(picture).dtype)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_it_is_turned_as_its_file_would_be(self, pil, orientation):
        exif, file = pil.Exif(), io.BytesIO()
        exif[0x112] = orientation
        pil.fromarray(RGB).save(file, "PNG", exif=exif)
        from PIL import ImageOps

        opened = pil.open(io.BytesIO(file.getvalue()))
        np.testing.assert_array_equal(from_memory(opened), read_image(file.getvalue()))
        np.testing.assert_array_equal(from_memory(opened), ImageOps.exif_transpose(opened))
        np.testing.assert_array_equal(from_memory(ImageOps.exif_transpose(opened)), from_memory(opened))

    def test_one_that_is_cut_short(self, pil):
        file = io.BytesIO()
        pil.fromarray(RGB).save(file, "PNG")
        with pytest.raises(InputError, match="PIL picture cannot be read"):
            from_memory(pil.open(io.BytesIO(file.getvalue()[:200])))


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (RGB.astype(float), "reach 255: write picture.astype(np.uint8)"),
        (RGB.astype(int), "got int64: write picture.astype(np.uint8)"),
        (RGB.astype(int) * 257, "got int64: write picture.astype(np.uint16)"),
        (RGB / 255 - 1, "ready for a network"),
        (RGB * np.nan, "NaN"),
        (np.stack([RGB, RGB]), "give list(batch)"),
        (RGB[..., :2], "got uint8 (20, 30, 2)"),
        (RGB[:0], "got uint8 (0, 30, 3)"),
        (RGB * 1j, "complex128"),
        ("a.png", "got str"),
        (None, "got None"),
        ([[1], [2, 3]], "got list"),
    ],
    ids=str,
)
def test_what_is_refused_says_what_to_write(array, says):
    with pytest.raises(InputError, match=re.escape(says)):
        from_memory(array)
