"""Every kind of picture file: its size is told by its header, whatever is cut off is told, and nothing else happens."""

import io
import os
import socket
import struct
import sys
import zlib

import cv2
import numpy as np
import pytest

from bupose.errors import InputError
from bupose.images import MAX_PIXELS, open_picture, read, read_image, read_size

PIL = pytest.importorskip("PIL.Image")
BY_PILLOW = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF", "BMP", "PPM", "JPEG2000")
BY_OPENCV = (".hdr", ".ras", ".pfm", ".pam", ".jp2", ".bmp")


@pytest.fixture(scope="module")
def photo():
    """(47, 63): odd sides, smooth, corners that differ."""
    v, u = np.indices((47, 63), np.float32)
    return np.rint(20 + 200 * np.stack([u / 62, v / 46, 1 - u / 62], -1)).astype(np.uint8)


def pillow_bytes(photo, kind, **options):
    stream = io.BytesIO()
    try:
        PIL.fromarray(photo).save(stream, kind, **options)
    except (OSError, KeyError):
        pytest.skip(f"this Pillow writes no {kind}")
    return stream.getvalue()


def opencv_bytes(photo, suffix):
    bgr = np.ascontiguousarray(photo[..., ::-1])
    done, data = cv2.imencode(suffix, bgr.astype(np.float32) / 255 if suffix in (".hdr", ".pfm") else bgr)
    assert done
    return data.tobytes()


@pytest.fixture(params=[*BY_PILLOW, *BY_OPENCV])
def encoded(request, photo):
    if request.param in BY_OPENCV:
        return opencv_bytes(photo, request.param)
    return pillow_bytes(photo, request.param)


def decodable(data):
    """Whether this OpenCV was built with the kind."""
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) is not None
    except cv2.error:
        return False


def test_size_and_pixels(tmp_path, photo, encoded):
    (tmp_path / "x").write_bytes(encoded)
    assert read_size(tmp_path / "x") == (63, 47)
    if not decodable(encoded):
        pytest.skip("this OpenCV was built without that kind")
    got = read_image(encoded)
    assert got.dtype == np.uint8
    np.testing.assert_allclose(got.astype(int), photo, atol=25)  # of a GIF's palette; a swap of channels is 200
    np.testing.assert_array_equal(read_image(tmp_path / "x"), got)


def test_limits_are_told_before_decoding(encoded):
    with pytest.raises(InputError, match=r"63x47 pixels.*max_pixels"):
        read(encoded, max_pixels=63 * 47 - 1)
    open_picture(encoded, max_pixels=63 * 47)


def try_reading(data):
    """The picture, or None where a sentence says why there is none."""
    try:
        return read_image(data, max_pixels=10**6)
    except InputError as problem:
        told = str(problem)
    assert told
    assert "\n" not in told
    return None


def test_cut_at_any_length(photo, encoded):
    """Either the picture in its size, or a sentence; half of a file is never taken for the whole."""
    lengths = {*range(0, min(len(encoded), 300)), *range(0, len(encoded), 97), len(encoded) // 2, len(encoded) - 1}
    for length in sorted(lengths):
        image = try_reading(encoded[:length])
        assert image is None or (image.shape == photo.shape and length > 0.9 * len(encoded))


def test_bytes_changed_at_random(encoded):
    rng = np.random.default_rng(5)
    for _ in range(60):
        data = bytearray(encoded)
        for at in rng.integers(0, min(len(data), 400), 3):
            data[at] = rng.integers(256)
        image = try_reading(data)
        assert image is None or (image.dtype == np.uint8 and image.ndim == 3)


def test_kind_by_kind_rubbish():
    """What begins like a picture and goes on like none."""
    starts = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBP", b"II*\0", b"MM\0+", b"BM", b"GIF89a", b"P6\n",
              b"P7\n", b"\x59\xa6\x6a\x95", b"#?RADIANCE\n", b"\x76\x2f\x31\x01", b"\xff\x4f\xff\x51",
              b"\0\0\0\x20ftypavif")  # fmt: skip
    rng = np.random.default_rng(1)
    for start in starts:
        for length in (0, 1, 3, 9, 17, 18, 40, 500):
            for tail in (bytes(length), b"\xff" * length, rng.bytes(length)):
                with pytest.raises(InputError):
                    read_image(start + tail)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_size_is_the_upright_one(tmp_path, photo, kind, orientation):
    """As Pillow sees it."""
    from PIL import ImageOps

    exif = PIL.Exif()
    exif[0x112] = orientation
    data = pillow_bytes(photo, kind, exif=exif)
    (tmp_path / "x").write_bytes(data)
    upright = np.asarray(ImageOps.exif_transpose(PIL.open(io.BytesIO(data))).convert("RGB")).astype(int)
    assert read_size(tmp_path / "x") == upright.shape[1::-1]
    if decodable(data):
        np.testing.assert_allclose(read_image(data).astype(int), upright, atol=20)


def test_a_size_far_into_a_jpeg(tmp_path, photo):
    """Behind long comments."""
    data = pillow_bytes(photo, "JPEG")
    comment = b"\xff\xfe\xff\xff" + bytes(65533)
    (tmp_path / "x.jpg").write_bytes(data[:2] + 3 * comment + data[2:])
    assert read_size(tmp_path / "x.jpg") == (63, 47)


def test_a_small_file_of_a_huge_picture():
    """What asks for 2.7 GB is refused by its header, though nothing else is there to decode."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0))
    with pytest.raises(InputError, match="30000x30000 pixels"):
        read(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    assert 20000 * 10000 <= MAX_PIXELS < 30000 * 30000


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparency_is_white_for_everyone(tmp_path, photo, kind):
    """In inference and in training, of any palette."""
    stored = np.dstack([np.full_like(photo, (30, 60, 220)), np.full(photo.shape[:2], 255, np.uint8)])
    stored[:, :30, 3] = 0
    options = {"lossless": True} if kind == "WEBP" else {}
    (tmp_path / "x").write_bytes(pillow_bytes(stored, kind, **options))
    for image in (read_image(tmp_path / "x"), read_image(tmp_path / "x", size=(63, 47))):
        assert np.unique(image[:, :30]).tolist() == [255]
        np.testing.assert_array_equal(image[:, 30:], stored[:, 30:, :3])


def test_a_transparent_palette(photo):
    few = PIL.fromarray(photo).quantize(8)
    colors = np.asarray(few.convert("RGB"))
    index = int(np.asarray(few)[0, 0])
    stream = io.BytesIO()
    few.save(stream, "PNG", transparency=index)
    clear = np.asarray(few) == index
    np.testing.assert_array_equal(read_image(stream.getvalue()), np.where(clear[..., None], 255, colors))


def test_cmyk_tiff(photo):
    """Its fourth channel is black ink, no opacity."""
    cmyk = PIL.fromarray(photo).convert("CMYK")
    stream = io.BytesIO()
    cmyk.save(stream, "TIFF")
    np.testing.assert_allclose(read_image(stream.getvalue()).astype(int), photo, atol=3)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG"])
def test_the_first_of_many(photo, kind):
    frames = [PIL.fromarray(photo), PIL.fromarray(photo[::-1])]
    stream = io.BytesIO()
    frames[0].save(stream, kind, save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(read_image(stream.getvalue()).astype(int), photo, atol=25)


# --- what is no file ---


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such things in its file system")
def test_what_never_ends_or_answers_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "folder.png").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.png"))
        for name, why in {"pipe": "a pipe", "zero": "a device", "socket": "a socket", "folder": "a folder"}.items():
            with pytest.raises(InputError, match=why):
                read(tmp_path / f"{name}.png")
    for odd in (tmp_path / "loop.png", tmp_path / "none.png", tmp_path / "a\0b.png", tmp_path / ("x" * 300)):
        with pytest.raises(InputError, match="cannot read"):
            read(odd)


def test_a_file_of_a_terabyte(tmp_path):
    with (tmp_path / "x.png").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(InputError, match="1000000 MB"):
        read(tmp_path / "x.png")


def test_kinds_nobody_here_reads():
    with pytest.raises(InputError, match="save it as JPEG"):
        read(b"\xff\x0a" + bytes(100))  # JPEG XL
    with pytest.raises(InputError, match="empty"):
        read(b"")
