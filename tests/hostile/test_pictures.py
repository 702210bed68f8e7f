"""Picture files of every kind, cut, changed, lying, or none at all: each fails alone, and the good one is found."""

import io
import os
import socket
import struct
import zlib
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

PIL = pytest.importorskip("PIL.Image")
WRITTEN_BY_PILLOW = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "tif": "TIFF", "gif": "GIF", "bmp": "BMP",
                     "ppm": "PPM", "avif": "AVIF"}  # fmt: skip
WRITTEN_BY_OPENCV = ("jp2", "hdr", "pfm", "pam", "ras")
KINDS = (*WRITTEN_BY_PILLOW, *WRITTEN_BY_OPENCV, "heic")
VAST = 30000


def draw(width=96, height=80):
    v, u = np.indices((height, width), np.float32)
    return np.rint(255 * np.stack([u / width, v / height, (u + v) % 32 / 32], -1)).astype(np.uint8)


def encode(kind, image=None, **options):
    image = draw() if image is None else image
    if kind in WRITTEN_BY_PILLOW:
        stream = io.BytesIO()
        try:
            PIL.fromarray(image).save(stream, WRITTEN_BY_PILLOW[kind], **options)
        except (OSError, KeyError):  # this Pillow writes no such files
            return b""
        return stream.getvalue()
    if kind == "heic":
        if not find_spec("pillow_heif"):
            return b""
        import pillow_heif

        stream = io.BytesIO()
        pillow_heif.from_pillow(PIL.fromarray(image)).save(stream)
        return stream.getvalue()
    bgr = np.ascontiguousarray(image[..., ::-1])
    return cv2.imencode(f".{kind}", bgr.astype(np.float32) / 255 if kind in ("hdr", "pfm") else bgr)[1].tobytes()


def test_cut(hostile, folder):
    """None of them is taken for whole."""
    count = 0
    for kind in KINDS:
        data = encode(kind)
        for length in {0, 1, 2, 3, *range(4, 34, 3), *(len(data) * n // 8 for n in range(1, 7))}:
            (folder / f"cut{length}.{kind}").write_bytes(data[:length])
            count += 1
    hostile.judge(hostile.infer("max_pixels=100000"), 1, "1 picture,", f"{count} failed", inputs=count)
    assert hostile.found()


def test_changed(hostile, folder):
    """Bytes of the header, bytes anywhere, a stretch of zeros, a stretch repeated."""
    rng, count = np.random.default_rng(0), 0
    for kind in KINDS:
        data = encode(kind)
        for n in range(12):
            changed = bytearray(data)
            at = int(rng.integers(len(data)))
            if n < 6:
                for place in rng.integers(0, min(len(data), 120), 2):
                    changed[place] = rng.integers(256)
            elif n < 8:
                changed[at] ^= 1 << int(rng.integers(8))
            elif n < 10:
                changed[at : at + 40] = bytes(min(40, len(data) - at))
            else:
                changed[at:at] = data[: int(rng.integers(200))]
            (folder / f"changed{n}.{kind}").write_bytes(changed)
            count += 1
    hostile.judge(hostile.infer("max_pixels=1000000", "overlays=false"), 1, inputs=count)
    assert hostile.found()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def vast_files():
    """Small files whose headers speak of 30000x30000 pixels; what follows would be believed by a decoder."""
    size = VAST, VAST
    png = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0))
    rows = zlib.compress(bytes(VAST + 1) * 300, 9)
    yield "png", b"\x89PNG\r\n\x1a\n" + png + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    jpeg = bytearray(encode("jpg"))
    struct.pack_into(">HH", jpeg, jpeg.find(b"\xff\xc0") + 5, *size)
    yield "jpg", jpeg
    yield "bmp", struct.pack("<2sIIIIiiHHI", b"BM", 54, 0, 54, 40, *size, 1, 24, 0) + bytes(20)
    yield "gif", b"GIF89a" + struct.pack("<HHBBB", *size, 0, 0, 0) + b"\x2c" + bytes(40)
    yield "ppm", b"P6\n30000 30000\n255\n"
    yield "pfm", b"PF\n30000 30000\n-1\n"
    yield "pam", b"P7\nWIDTH 30000\nHEIGHT 30000\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    yield "hdr", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 30000 +X 30000\n" + bytes(100)
    yield "ras", struct.pack(">IIIIIIII", 0x59A66A95, *size, 24, 0, 1, 0, 0)
    values = {256: VAST, 257: VAST, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: VAST, 279: 100}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in values.items())
    yield "tif", b"II*\0\x08\0\0\0" + struct.pack("<H", len(values)) + entries + bytes(200)
    webp = b"VP8X" + struct.pack("<I", 10) + bytes(4) + 2 * (16383).to_bytes(3, "little")
    yield "webp", b"RIFF" + struct.pack("<I", 4 + len(webp)) + b"WEBP" + webp
    jp2 = bytearray(encode("jp2"))
    struct.pack_into(">II", jp2, jp2.find(b"\xff\x4f\xff\x51") + 8, *size)
    yield "jp2", jp2
    exr = b"dataWindow\0box2i\0" + struct.pack("<Iiiii", 16, 0, 0, VAST - 1, VAST - 1)
    yield "exr", b"\x76\x2f\x31\x01\x02\0\0\0" + b"channels\0chlist\0\x01\0\0\0\0" + exr + bytes(50)


def test_small_files_of_vast_pictures(hostile, folder):
    """All at once: refused by their headers, they take no memory."""
    count = 0
    for count, (kind, data) in enumerate(vast_files(), 1):  # noqa: B007
        (folder / f"vast.{kind}").write_bytes(data)
    ended = hostile.infer()
    hostile.judge(ended, 1, f"{count} failed", inputs=count)
    assert ended.err.count("max_pixels") == count
    assert hostile.found()


def test_what_is_no_file(hostile, folder):
    os.mkfifo(folder / "pipe.png")
    for name in ("zero", "null", "random", "full", "tty"):
        (folder / f"{name}.jpg").symlink_to(f"/dev/{name}")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / "folder.gif").mkdir()
    (folder / "circle").symlink_to(folder)
    (folder / "proc.png").symlink_to("/proc/self/maps")
    (folder / "mem.png").symlink_to("/proc/self/mem")
    with (folder / "sparse.tif").open("wb") as file:
        file.truncate(10**12)
    for suffix in ("heic", "jxl", "webp", "exr"):
        (folder / f"text.{suffix}").write_text("no picture at all, but text\n" * 20)
    with socket.socket(socket.AF_UNIX) as listening:
        place = os.getcwd()
        os.chdir(folder)  # a socket's name is short
        listening.bind("socket.bmp")
        os.chdir(place)
        hostile.judge(hostile.infer(), 1, "a pipe", "a device", "a socket", "1 picture,", inputs=17)
    assert hostile.found()


@pytest.mark.parametrize("what", ["pipe", "/dev/zero", "loop", "text", "a\tb.png"])
def test_named_on_the_command_line(hostile, folder, what):
    if what == "pipe":
        os.mkfifo(hostile.folder / "pipe")
    elif what == "loop":
        (hostile.folder / "loop").symlink_to("loop")
    elif what == "text":
        (hostile.folder / "text").write_text("nothing")
    hostile.judge(hostile.run("infer", f"input='{what}'", hostile.weights, "output=out"), (1, 2))


NAMES = [
    "Screenshot 2026-01-02 at 9.41.00\u202fAM.png", "caf\udce9.png", "\udcff\udcfe.png", "a\nb.png",
    "a\tb\u0007.png", "\u001b[31mred.png", "x" * 245 + ".png", "ü" * 122 + ".png", " lead.png", "trail .png",
    "dots...png", ".png.png", "con.png", "aux", "nul.tar.png", "k.png", "k.jpg/inner.png", "k.npz/inner.png",
    "k_keypoints.json/inner.png", "deep/" + "d" * 200 + "/" + "e" * 200 + "/x.png", "walk_000003.png",
    "a'b\"c`d.png", "$(HOME);x&y|z.png", "%s%n%d.png", "#1.png", "日本語 한국어 ไทย.png", "e\u0301.png", "\u00e9.png",
    "\u200eright\u202eleft.png", "😀.png", "--help.png", "=1.png", "[1].png", "*?.png", "a,b={c}.png", "..png",
    "...png", "A.png", "a.PNG",
]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names(hostile, folder, encoding):
    """All in one run, with all that is written; on ASCII too. Names are told as text a terminal can show."""
    written = []
    for n, name in enumerate(NAMES):
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode("png") if n % 5 else b"broken")
        except (OSError, ValueError):
            continue  # this file system refuses the name
        written.append((name, bool(n % 5)))
    visible = [is_good for name, is_good in written if not name.startswith(".") and name != "aux"]
    ended = hostile.infer(
        "fields=true", "csv=true", "fields_pictures=true", "openpose=true",
        environment={"PYTHONIOENCODING": encoding, "LC_ALL": "C" if encoding == "ascii" else "C.UTF-8"},
    )  # fmt: skip
    good = sum(visible) + 1
    hostile.judge(ended, 1, f"{good} pictures", f"{len(visible) + 1 - good} failed", inputs=len(visible))
    out = hostile.folder / "out"
    for kind, end in {
        "openpose": "_keypoints.json",
        "overlays": ".jpg",
        "fields": ".npz",
        "fields_pictures": ".jpg",
    }.items():
        assert len([p for p in (out / kind).rglob(f"*{end}") if p.is_file()]) == good
    (out / "people.csv").read_text(encoding="utf-8")


def test_lists(hostile, folder):
    """Paths with a byte of zero, none, too long, folders, and a good one."""
    lines = [
        b"in/good.png",
        b"a\0b.png",
        b"x" * 5000,
        b"in",
        b"nowhere.png",
        b"caf\xe9.png",
        b"/dev/zero",
        b"~nobody/x.png",
        b"\xff" * 9,
    ]
    (hostile.folder / "list.txt").write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines))
    (folder / "good.png").write_bytes(encode("png"))
    ended = hostile.run("infer", "input=list.txt", hostile.weights, "output=out", "overlays=false")
    hostile.judge(ended, 1, "2 pictures,", "7 failed", inputs=len(lines) - 1)


@pytest.mark.parametrize("content", [b"\n\n", b"\xff\xfe", bytes(range(256)) * 9], ids=range(3))
def test_lists_that_are_none(hostile, content):
    (hostile.folder / "list.txt").write_bytes(content)
    hostile.judge(hostile.run("infer", "input=list.txt", hostile.weights, "output=out"), (1, 2))


def test_shapes(hostile, folder):
    for height, width in ((1, 1), (1, 30000), (30000, 1), (2, 3), (16, 16), (5000, 17)):
        cv2.imwrite(str(folder / f"{width}x{height}.png"), np.zeros((height, width, 3), np.uint8))
    hostile.judge(hostile.infer("fields=true", "fields_pictures=true"), 0, "7 pictures", inputs=6)


def test_depths_and_channels(hostile, folder):
    """One, two, three and four channels of all that OpenCV writes as PNG and TIFF."""
    rng, count = np.random.default_rng(3), 0
    for kind, types in {"png": ("u1", "u2"), "tif": ("u1", "u2", "i2", "i4", "f4", "f8", "i1")}.items():
        for code in types:
            for channels in (1, 3, 4):
                image = (rng.random((40, 30, channels)) * 100).astype(code)
                if code in ("f4", "f8"):
                    image[0, :4] = np.array([np.nan, np.inf, -np.inf, 1e30])[:, None]
                try:
                    done, data = cv2.imencode(f".{kind}", image)
                except cv2.error:
                    continue
                if done:
                    (folder / f"{code}-{channels}.{kind}").write_bytes(data)
                    count += 1
    hostile.judge(hostile.infer(), (0, 1), inputs=count)
    assert hostile.found()
