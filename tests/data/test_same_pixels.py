"""Odd pictures look the same to training, inference, evaluation and the explorer, and as another program shows them."""

import io

import cv2
import numpy as np
import pytest

from bupose.data import open_samples
from bupose.errors import InputError
from bupose.estimate.stream import Failure, open_photo
from bupose.evaluate import read_ground_truth
from bupose.evaluate.predict import predict
from bupose.explore.observation import Film
from bupose.images import Video, read_image
from bupose.methods.paf import FieldCodec
from bupose.skeletons import COCO17
from bupose.train.data_module import WholePictures

PIL = pytest.importorskip("PIL.Image")
WIDTH, HEIGHT = 64, 48


def smooth():
    """So smooth that JPEG keeps it, and no two corners alike."""
    v, u = np.indices((HEIGHT, WIDTH), np.float32)
    return np.rint(20 + 200 * np.stack([u / 63, v / 47, 1 - u / 63], -1)).astype(np.uint8)


def clear():
    """Opacity that grows from left to right."""
    return np.tile(np.arange(WIDTH, dtype=np.uint8) * 4, (HEIGHT, 1))


def stored(image, kind, orientation=1, **options):
    exif, stream = PIL.Exif(), io.BytesIO()
    exif[0x112] = orientation
    image.save(stream, kind, **options, **({"exif": exif} if orientation > 1 else {}))
    return stream.getvalue()


def sixteen_bits(channels):
    deep = smooth()[..., ::-1].astype(np.uint16) * 257
    return cv2.imencode(".png", deep[..., 1] if channels == 1 else deep)[1].tobytes()


RGB, RGBA = PIL.fromarray(smooth()), PIL.fromarray(np.dstack([smooth(), clear()]))
ODD = {
    **{f"turned{n}.jpg": lambda n=n: stored(RGB, "JPEG", n, quality=95) for n in range(2, 9)},
    "clear.png": lambda: stored(RGBA, "PNG"),
    "clear_turned.png": lambda: stored(RGBA, "PNG", 6),
    "clear.webp": lambda: stored(RGBA, "WEBP", lossless=True),
    "clear.tiff": lambda: stored(RGBA, "TIFF"),
    "clear_grey.png": lambda: stored(RGBA.convert("LA"), "PNG"),
    "palette.png": lambda: stored(RGB.quantize(16), "PNG"),
    "palette.gif": lambda: stored(RGB.quantize(16), "GIF"),
    "clear_palette.png": lambda: stored(RGB.quantize(16), "PNG", transparency=int(np.asarray(RGB.quantize(16))[0, 0])),
    "grey.jpg": lambda: stored(RGB.convert("L"), "JPEG", quality=95),
    "grey.png": lambda: stored(RGB.convert("L"), "PNG"),
    "bits.png": lambda: stored(RGB.convert("1"), "PNG"),
    "cmyk.jpg": lambda: stored(RGB.convert("CMYK"), "JPEG", quality=95),
    "deep.png": lambda: sixteen_bits(3),
    "deep_grey.png": lambda: sixteen_bits(1),
}


def independent(name, data):
    """The picture as Pillow shows it, laid over white; 16 bits are what they were made of."""
    if name.startswith("deep"):
        return smooth() if name == "deep.png" else np.repeat(smooth()[..., 1:2], 3, 2)
    from PIL import ImageOps

    image = ImageOps.exif_transpose(PIL.open(io.BytesIO(data))).convert("RGBA")
    white = PIL.new("RGBA", image.size, "white")
    return np.asarray(PIL.alpha_composite(white, image).convert("RGB"))


def annotate(write, name, size):
    """A set of one picture with somebody in it."""
    person = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [5, 5, 30, 30], "area": 400, "iscrowd": 0}
    person |= {"keypoints": [10, 10, 2] * 17, "num_keypoints": 17}
    image = {"id": 1, "file_name": name, "width": size[0], "height": size[1]}
    category = {"id": 1, "name": "person", "keypoints": list(COCO17.joints)}
    return write({"images": [image], "annotations": [person], "categories": [category]})


class Witness:
    """Stands for an estimator, and keeps the photos that it is given."""

    codec = FieldCodec(COCO17)

    def __init__(self):
        self.photos = []

    pipeline = None

    def showing_everybody(self):
        return self

    def stream(self, sources, **_):
        for source in sources:
            photo = open_photo(source)
            self.photos.append(photo)
            yield Failure(source, InputError("not looked at"))


def list_photos(path, folder):
    """What a network is given in an evaluation."""
    witness = Witness()
    predict(witness, read_ground_truth(path), folder)
    return [photo.image for photo in witness.photos]


@pytest.mark.parametrize("name", ODD)
def test_pictures(write, tmp_path, name):
    data = ODD[name]()
    (tmp_path / name).write_bytes(data)
    wanted = independent(name, data)
    path = annotate(write, name, wanted.shape[1::-1])
    seen = {
        "training": open_samples("coco", {"annotations": path})[0].image,
        "inference": open_photo(tmp_path / name).image,
        "evaluation": list_photos(path, tmp_path)[0],
        "memory": open_photo(data).image,
    }
    for who, image in seen.items():
        np.testing.assert_array_equal(image, seen["inference"], err_msg=who)
    apart = np.abs(seen["training"].astype(int) - wanted)
    assert apart.max() <= (20 if name.endswith(".jpg") else 1)
    assert apart.mean() < 2


def test_annotations_of_an_unturned_photo(write, tmp_path):
    """Its coordinates mean the stored pixels, in training as in evaluation; a photo of another size is refused."""
    (tmp_path / "a.jpg").write_bytes(stored(RGB, "JPEG", 6, quality=95))
    for size, across in (((WIDTH, HEIGHT), 1), ((HEIGHT, WIDTH), 0)):
        path = annotate(write, "a.jpg", size)
        taught, (evaluated,) = open_samples("coco", {"annotations": path})[0].image, list_photos(path, tmp_path)
        np.testing.assert_array_equal(taught, evaluated)
        assert evaluated.shape == (size[1], size[0], 3)
        assert np.ptp(evaluated[..., 0].mean(1 - across)) > 150  # red grows along the stored rows
    path = annotate(write, "a.jpg", (100, 100))
    for call in (open_samples("coco", {"annotations": path}).picture(0).decode, lambda: list_photos(path, tmp_path)):
        with pytest.raises(InputError, match=r"a.jpg' is 48x64 px where its annotations are for 100x100"):
            call()


def test_validation_sees_the_reduced_jpegs_of_inference(write, tmp_path):
    """Those of which the network sees a fraction are decoded at a fraction of their size."""
    (tmp_path / "a.jpg").write_bytes(stored(RGB.resize((4 * WIDTH, 4 * HEIGHT)), "JPEG", 6, quality=95))
    samples = open_samples("coco", {"annotations": annotate(write, "a.jpg", (4 * HEIGHT, 4 * WIDTH))})
    item, inferred = WholePictures(samples, HEIGHT)[0], open_photo(tmp_path / "a.jpg", HEIGHT)
    assert inferred.image.shape == (WIDTH, HEIGHT, 3)
    np.testing.assert_array_equal(item["image"], inferred.image)
    assert item["size"] == inferred.size == (4 * HEIGHT, 4 * WIDTH)
    assert open_photo(inferred) is inferred
    drawn = open_samples("synthetic", {"count": 1, "size": (WIDTH, HEIGHT)})
    np.testing.assert_array_equal(WholePictures(drawn, 8)[0]["image"], drawn[0].image)


def test_frames_of_a_video(tmp_path):
    """One by one, as the explorer takes them, or all in a row."""
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (WIDTH, HEIGHT))
    for n in range(6):
        writer.write(np.roll(smooth(), 9 * n, 1)[..., ::-1])
    writer.release()
    frames = list(Video(tmp_path / "a.avi").frames())
    assert [frame.number for frame in frames] == list(range(6))
    for n in (4, 0, 5, 2):
        one = Video(tmp_path / "a.avi").frame(n)
        np.testing.assert_array_equal(one.image, frames[n].image)
        np.testing.assert_array_equal(Film(tmp_path / "a.avi", 6, n).read(), frames[n].image)
        assert (one.number, one.time, one.rate) == (n, frames[n].time, frames[n].rate)
        assert np.abs(one.image.astype(int) - np.roll(smooth(), 9 * n, 1)).mean() < 12
    assert read_image(cv2.imencode(".png", frames[0].image[..., ::-1])[1].tobytes()).shape == (HEIGHT, WIDTH, 3)
