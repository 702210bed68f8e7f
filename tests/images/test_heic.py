"""HEIC, written and turned by pillow-heif and Pillow, read as any other picture is."""

import io
import sys

import numpy as np
import pytest

from bupose.errors import InputError
from bupose.images import open_picture, read_image, read_size

CODED = 12  # levels that the lossy code may be off by, at its best quality, on a smooth picture


def test_without_the_package_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputError, match=r"HEIC needs pillow-heif; pip install .*, or save it as JPEG"):
        read_image(b"\0\0\0\x18ftypheic" + bytes(100))


class TestWithThePackage:
    @pytest.fixture
    def write(self):
        heif = pytest.importorskip("pillow_heif", reason="needs the extra 'heic'")
        pil = pytest.importorskip("PIL.Image")

        def write(array, orientation=1):
            exif, file = pil.Exif(), io.BytesIO()
            exif[0x112] = orientation
            heif.from_pillow(pil.fromarray(array)).save(file, quality=100, chroma=444, exif=exif.tobytes())
            return file.getvalue()

        return write

    @pytest.fixture
    def photo(self):
        """(47, 63): odd sides, which the code itself cannot have, and corners that differ."""
        v, u = np.indices((47, 63), np.float32)
        return np.rint(20 + 200 * np.stack([u / 62, v / 46, 1 - u / 62], -1)).astype(np.uint8)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_pixels_and_size_of_a_phone_held_in_any_way(self, write, photo, orientation, tmp_path):
        from PIL import Image, ImageOps

        data = write(photo, orientation)
        (tmp_path / "x").write_bytes(data)
        exif = Image.Exif()
        exif[0x112] = orientation
        stored = Image.fromarray(photo)
        stored.getexif().update(exif)
        wanted = np.asarray(ImageOps.exif_transpose(stored))
        got = read_image(data)
        assert read_size(tmp_path / "x") == wanted.shape[1::-1]
        np.testing.assert_allclose(got.astype(int), wanted, atol=CODED)

    def test_transparency_becomes_white(self, write, photo):
        opacity = np.where(photo[..., :1] > 120, 255, 0).astype(np.uint8)
        got = read_image(write(np.concatenate([photo, opacity], 2)))
        np.testing.assert_allclose(got.astype(int), np.where(opacity > 0, photo, 255), atol=CODED)

    def test_limits_are_told_before_decoding(self, write, photo, monkeypatch):
        data = write(photo)
        monkeypatch.setattr("bupose.images.heic.decode", lambda _: pytest.fail("was decoded"))
        with pytest.raises(InputError, match=r"63x47 pixels.*max_pixels"):
            open_picture(data, max_pixels=63 * 47 - 1)
        open_picture(data, max_pixels=63 * 47)

    def test_damage_is_a_sentence(self, write, photo):
        data = write(photo)
        for end in range(0, len(data) - 1, 7):
            with pytest.raises(InputError, match=r"damaged|empty"):
                read_image(data[:end])
