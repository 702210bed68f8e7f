"""Picture files of every kind give the same upright RGB."""

import io

import cv2
import numpy as np
import pytest

from bupose.errors import InputError
from bupose.images import read, read_image
from bupose.images.files import name_once

PIL = pytest.importorskip("PIL.Image")


@pytest.fixture
def photo():
    """Smooth, so that JPEG keeps it; its four corners differ."""
    v, u = np.indices((48, 64), np.float32)
    rgb = np.stack([u / 63, v / 47, 1 - u / 63], -1)
    return np.rint(20 + 200 * rgb).astype(np.uint8)


def store(path, image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    path.write_bytes(stream.getvalue())
    return path


# EXIF 2.3, tag 0x0112: what must be done to the stored picture to see it upright.
UPRIGHT = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: np.rot90(p),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation(tmp_path, photo, kind, orientation):
    exif = PIL.Exif()
    exif[0x112] = orientation
    options = {"quality": 95} if kind != "PNG" else {}
    path = store(tmp_path / "x", PIL.fromarray(photo), kind, exif=exif, **options)
    np.testing.assert_allclose(read_image(path).astype(int), UPRIGHT[orientation](photo), atol=12)


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_transparent_and_turned(tmp_path, photo, orientation):
    alpha = np.indices((48, 64))[1].astype(np.uint8) * 4
    exif = PIL.Exif()
    exif[0x112] = orientation
    path = store(tmp_path / "x.png", PIL.fromarray(np.dstack([photo, alpha])), "PNG", exif=exif)
    wanted = 255 + (photo.astype(float) - 255) * alpha[..., None] / 255
    np.testing.assert_allclose(read_image(path), UPRIGHT[orientation](wanted), atol=0.51)


def test_a_picture_is_named_once_in_its_problem():
    assert name_once("a/3.jpg", "cannot read '/in/a/3.jpg': no such file") == "cannot read '/in/a/3.jpg': no such file"
    assert name_once("3.jpg", "the network fails on 3.jpg.txt") == "3.jpg: the network fails on 3.jpg.txt"


def test_grey_with_alpha(tmp_path, photo):
    grey = PIL.fromarray(photo[..., 0]).convert("LA")
    grey.putalpha(128)
    got = read_image(store(tmp_path / "x.png", grey, "PNG"))
    np.testing.assert_allclose(got, np.repeat((255 + (photo[..., :1] - 255.0) * 128 / 255), 3, 2), atol=0.51)


def test_grey_palette_bits_and_cmyk(tmp_path, photo):
    image = PIL.fromarray(photo)
    grey = np.asarray(image.convert("L"))
    np.testing.assert_array_equal(
        read_image(store(tmp_path / "l.png", image.convert("L"), "PNG")), np.dstack([grey] * 3)
    )
    few = image.quantize(16)
    np.testing.assert_array_equal(read_image(store(tmp_path / "p.png", few, "PNG")), np.asarray(few.convert("RGB")))
    black = image.convert("1")
    np.testing.assert_array_equal(read_image(store(tmp_path / "1.png", black, "PNG")), np.asarray(black.convert("RGB")))
    path = store(tmp_path / "c.jpg", image.convert("CMYK"), "JPEG", quality=98)
    np.testing.assert_allclose(read_image(path).astype(int), photo, atol=12)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits(tmp_path, photo, suffix, channels):
    deep = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])[..., :channels].astype(np.uint16) * 257
    done, data = cv2.imencode(suffix, deep if channels == 1 else deep[..., [2, 1, 0, 3][:channels]])
    assert done
    (tmp_path / "x").write_bytes(data.tobytes())
    wanted = np.repeat(photo[..., :1], 3, 2) if channels == 1 else photo
    np.testing.assert_allclose(read_image(tmp_path / "x").astype(int), wanted, atol=1)


def test_floats(tmp_path, photo):
    done, data = cv2.imencode(".tiff", photo[..., ::-1].astype(np.float32) / 255)
    assert done
    (tmp_path / "x.tiff").write_bytes(data.tobytes())
    np.testing.assert_allclose(read_image(tmp_path / "x.tiff").astype(int), photo, atol=1)


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_reduced_jpeg_keeps_its_size_and_place(tmp_path, photo, orientation):
    large = cv2.resize(photo, (640, 480), interpolation=cv2.INTER_LINEAR)
    exif = PIL.Exif()
    exif[0x112] = orientation
    path = store(tmp_path / "x.jpg", PIL.fromarray(large), "JPEG", quality=95, exif=exif)
    upright = UPRIGHT[orientation](large)
    got = read(path, least=100)
    assert got.size == upright.shape[1::-1]
    assert got.image.shape[:2] == (upright.shape[0] // 4, upright.shape[1] // 4)
    mean = upright.reshape(upright.shape[0] // 4, 4, upright.shape[1] // 4, 4, 3).mean((1, 3))
    np.testing.assert_allclose(got.image, mean, atol=6)


def test_a_jpeg_whose_sides_do_not_divide_is_read_whole(tmp_path, photo):
    path = store(tmp_path / "x.jpg", PIL.fromarray(cv2.resize(photo, (641, 481))), "JPEG")
    assert read(path, least=10).image.shape == (481, 641, 3)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"no picture at all", b"\x89PNG\r\n\x1a\n" + b"0" * 40])
def test_what_is_no_picture(tmp_path, content):
    (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.jpg"):
        read(tmp_path / "x.jpg", least=10)


def test_cut_short_missing_and_folder(tmp_path, photo):
    path = store(tmp_path / "x.png", PIL.fromarray(photo), "PNG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    for bad in (path, tmp_path / "none.jpg", tmp_path):
        with pytest.raises(InputError):
            read_image(bad)


@pytest.mark.parametrize(
    "name", ["IMG (1).jpg", "a,b.png", "x=1.jpg", "Straße 日本.webp", "'quoted' \"x\".bmp", "#%[1].png"]
)
def test_awkward_names(tmp_path, photo, name):
    kind = PIL.registered_extensions()[(tmp_path / name).suffix]
    assert read_image(store(tmp_path / name, PIL.fromarray(photo), kind)).shape == photo.shape
