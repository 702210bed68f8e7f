"""People are found where they were drawn, whatever is done to the picture on its way."""

import itertools
import warnings

import cv2
import numpy as np
import pytest
import torch

from bupose import geometry
from bupose.errors import BuposeError, InputError, OptionsError
from bupose.estimate import Estimate
from bupose.estimate.estimator import Estimator, load
from bupose.estimate.views import resample
from bupose.maps import Grid
from bupose.media.sources import open_media
from bupose.methods.paf.fields import Fields
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.nn.normalisation import Normalisation
from bupose.runtimes import torch_network
from bupose.runtimes.network import pad_color
from bupose.runtimes.torch_network import TorchNetwork, choose_device
from bupose.skeletons import COCO18
from bupose.weights import save as save_net


def small_net(seed=0, **values):
    torch.manual_seed(seed)
    config = NetworkConfig(COCO18, "mobilenet_v2", "plain", {"width": 0.25}, **values)
    return PoseNet(config).eval()


def assert_found(people, joints, within):
    assert len(people) == 1
    np.testing.assert_allclose(people.xy[0], joints, atol=within)


@pytest.mark.parametrize("flip", [False, True])
def test_fields_end_where_the_photo_ends(flip):
    """The padding that the network needs is cut off, on the right also where the picture was mirrored."""
    net, image = small_net(), np.random.default_rng(0).integers(0, 256, (70, 101, 3), np.uint8)
    fields = Estimator(net, height=70, flip=flip).fields(image)
    assert fields.size == (104, 72)  # of 128x96, stride 8
    padded = np.full((96, 128, 3), pad_color(net.normalisation), np.uint8)
    padded[:70, :101] = image
    whole = Estimator(net, height=96, flip=flip).fields(padded)
    np.testing.assert_allclose(fields.heat, whole.heat[:, :9, :13], atol=1e-6)
    np.testing.assert_allclose(fields.paf, whole.paf[..., :9, :13], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "within"),
    [
        ({"height": 368}, 0.1),
        ({"height": 144}, 0.2),
        ({"height": 301}, 0.1),
        ({"height": 368, "longest": 250}, 0.1),
        ({"height": 240, "flip": True}, 0.1),
        ({"height": 240, "scales": [1, 1.5]}, 0.1),
        ({"height": 240, "scales": [0.7, 1.3, 1], "flip": True}, 0.25),
    ],
)
def test_people_lie_in_the_photos_own_pixels(lab, face, options, within):
    image, joints = face
    est = Estimator(lab.net(), **options)
    assert_found(est(image), joints, within)
    assert_found(est([image, image])[1], joints, within)


def test_a_large_jpeg_is_decoded_small_and_found_in_its_own_pixels(lab, tmp_path):
    joints = np.array([[800.3, 560.0], [1100.5, 480.7], [500.0, 470.2]])
    path = lab.save(
        tmp_path / "large.jpg", lab.draw_face(1600, 1200, joints[0], joints[1:], 40), cv2.IMWRITE_JPEG_QUALITY, 98
    )
    assert_found(Estimator(lab.net(), height=144)(path), joints, 1.0)


def test_order_and_batches(lab, face):
    image, joints = face
    tall = np.ascontiguousarray(image.transpose(1, 0, 2))
    net = lab.net()
    est = Estimator(net, height=160, batch=3)
    pictures = [image if n % 3 else tall for n in range(20)]
    estimates = list(est.stream(pictures))
    assert [e.size for e in estimates] == [(p.shape[1], p.shape[0]) for p in pictures]
    assert sorted(net.batches) == [1, 1] + [3] * 6
    for estimate, picture in zip(estimates, pictures, strict=True):
        if picture is image:
            assert_found(estimate.people, joints, 0.2)


def test_a_picture_of_its_own_shape_does_not_wait_for_ever(lab, face):
    image, _ = face
    seen = []

    def pictures():
        for n in range(200):
            seen.append(n)
            yield image[: 100 if n == 0 else 150]

    stream = Estimator(lab.net(), height=64, batch=2).stream(pictures())
    assert next(stream).size == (200, 100)
    assert len(seen) < 30
    stream.close()  # the threads end, and nothing more is read
    assert len(seen) < 30


def test_broken_pictures_lose_nothing_else(lab, face, tmp_path):
    image, joints = face
    good = lab.save(tmp_path / "good.png", image)
    (tmp_path / "broken.jpg").write_bytes(good.read_bytes()[:100])
    sources = [good, tmp_path / "broken.jpg", image, tmp_path / "missing.png", np.zeros((4, 2), complex)]
    estimates = list(Estimator(lab.net(), height=160).stream(sources))
    assert [isinstance(e, Estimate) for e in estimates] == [True, False, True, False, False]
    assert_found(estimates[2].people, joints, 0.2)
    with pytest.raises(InputError, match=r"broken\.jpg"):
        Estimator(lab.net())([good, tmp_path / "broken.jpg"])


def test_an_error_in_the_source_is_raised(lab):
    def pictures():
        yield np.zeros((20, 20, 3), np.uint8)
        raise ValueError("the source is spoilt")

    with pytest.raises(ValueError, match="spoilt"):
        list(Estimator(lab.net()).stream(pictures()))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (3000, 1), (2, 5000)])
def test_odd_pictures(lab, height, width):
    net = lab.net()
    est = Estimator(net, height=64)
    assert len(est(np.full((height, width, 3), 5, np.uint8))) == 0
    assert est.fields(np.zeros((height, width, 3), np.uint8)).size[0] <= 8 * 64 + 16


def test_fields_explain_and_matrix_agree(lab, face):
    image, joints = face
    est = Estimator(lab.net(), height=208)
    trace = est.explain(image)
    np.testing.assert_array_equal(trace.fields.heat, est.fields(image).heat)
    moved = geometry.apply(est.matrix(image), joints)
    np.testing.assert_allclose(trace.people.xy[0], moved, atol=0.2)


def test_decode_options_come_from_the_network_then_the_user(lab, face):
    image, _ = face
    est = Estimator(lab.net(min_person_score=1.0, samples=9), decoder={"samples": 7})
    assert (est.decoder.min_person_score, est.decoder.samples) == (1.0, 7)
    assert len(est(image)) == 0
    assert len(est.with_decoder(min_person_score=0.0)(image)) == 1
    with pytest.raises(OptionsError, match="nope"):
        Estimator(lab.net(), decoder={"nope": 1})


@pytest.mark.parametrize(
    "options",
    [{"height": 0}, {"height": 3.5}, {"batch": 0}, {"scales": []}, {"scales": [0]}, {"threads": 0}, {"longest": -1}],
)
def test_options_out_of_range(lab, options):
    with pytest.raises(OptionsError, match=next(iter(options))):
        Estimator(lab.net(), **options)


def test_series(lab, face, tmp_path):
    """A list, a tuple, a generator, and what open_media finds; each is no single picture."""
    image, joints = face
    path, est = lab.save(tmp_path / "in" / "a.png", image), Estimator(lab.net(), height=160)
    for make in (
        lambda: [path, image],
        lambda: (image, path),
        lambda: iter([path, image]),
        lambda: open_media([path] * 2),
    ):
        both = est(make())
        assert both[0] == both[1] == est(image)
        assert_found(both[0], joints, 0.2)
        with pytest.raises(InputError, match="iterate"):
            est.fields(make())
    assert est(tmp_path.glob("in/*.png")) == [est(path)]


def test_a_folder_or_video_says_how_it_is_read(lab, tmp_path):
    (tmp_path / "walk.mp4").write_bytes(b"no picture")
    for path in (tmp_path, tmp_path / "walk.mp4"):
        with pytest.raises(InputError, match="open_media"):
            Estimator(lab.net())(path)


def test_the_bytes_of_a_file(lab, face, tmp_path):
    path, est = lab.save(tmp_path / "a.png", face[0]), Estimator(lab.net(), height=160)
    assert est(path.read_bytes()) == est(path)


# --- fields of other sizes ---


def test_resampled_fields_lie_where_the_grid_says(lab):
    """A straight ramp over pixels is one at every scale: cubic interpolation keeps it, but for the borders."""
    for stride, scale in itertools.product((4, 8), (0.6, 1.0, 1.7)):
        base, matrix = Grid(stride), geometry.scale(scale)
        h, w = 30, 40
        x = base.to_pixels(np.arange(w))[None] + 0.5 * base.to_pixels(np.arange(h))[:, None]
        fields = Fields(np.broadcast_to(x, (3, h, w)), np.broadcast_to(-x, (2, 2, h, w)), base, lab.sprite)
        shape = (int(h / scale), int(w / scale))
        moved = resample(fields, matrix, shape)
        at = geometry.apply(matrix, np.stack(np.meshgrid(*(base.to_pixels(np.arange(n)) for n in shape[::-1])), -1))
        inner = np.s_[3:-3, 3:-3]
        np.testing.assert_allclose(moved.heat[1][inner], (at[..., 0] + 0.5 * at[..., 1])[inner], atol=1e-3)
        np.testing.assert_allclose(moved.paf[1, 0], -moved.heat[1], atol=1e-4)


# --- torch ---


def test_torch_network_is_the_net_itself():
    net = small_net()
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), np.uint8)
    with torch.inference_mode():
        wanted = net(torch.from_numpy(images.transpose(0, 3, 1, 2).copy()))
    for channels_last in (True, False):
        got = TorchNetwork(net, "cpu", channels_last=channels_last)(images)
        for a, b in zip(got, wanted, strict=True):
            assert a.flags.c_contiguous
            assert a.dtype == np.float32
            np.testing.assert_allclose(a, b.numpy(), atol=1e-4 * np.abs(b.numpy()).max())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where bfloat16 is emulated
        half = TorchNetwork(net, "cpu", "bfloat16")(images)
    np.testing.assert_allclose(half[0], wanted[0].numpy(), atol=0.1 * np.abs(wanted[0].numpy()).max())


@pytest.mark.parametrize("fast", [True, False])
def test_bfloat16_is_only_taken_when_asked_for_and_told_where_it_is_emulated(fast, monkeypatch):
    """It loses accuracy everywhere; emulated it takes many times as long, which looks like a program that hangs."""
    monkeypatch.setattr(torch_network, "has_fast_bfloat16", lambda device: fast)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        TorchNetwork(small_net(), "cpu", "bfloat16")
        chosen = TorchNetwork(small_net(), "cpu", "auto")
    assert sum("emulates bfloat16" in str(w.message) for w in told) == (0 if fast else 1)
    assert {p.dtype for p in chosen._net.parameters()} == {torch.float32}


@pytest.mark.parametrize("chosen", [True, False])
def test_what_torch_compiles_is_kept_in_the_cache(chosen, monkeypatch, tmp_path):
    monkeypatch.setenv("BUPOSE_CACHE", str(tmp_path / "home"))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "chosen"))
    if not chosen:
        monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR")
    monkeypatch.setattr(torch, "compile", lambda net: net)  # a minute
    TorchNetwork(small_net(), "cpu", compile=True)
    from torch._inductor.runtime.cache_dir_utils import cache_dir  # which sets the variable, too

    assert cache_dir() == str(tmp_path / ("chosen" if chosen else "home/inductor"))


def test_devices():
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(OptionsError, match="cpu"):
        choose_device("cuda:99")
    with pytest.raises(OptionsError, match="precision"):
        TorchNetwork(small_net(), "cpu", "int4")


def test_padding_is_the_networks_mean_in_rgb():
    assert pad_color(Normalisation("bgr", (10.4, 20, 300))) == (255, 20, 10)
    assert pad_color(Normalisation("rgb", (10.6, 20, 30))) == (11, 20, 30)


def test_load(tmp_path, face):
    net = small_net(preprocess={"height": 96}, decoder={"min_joints": 1}, target={"sigma": 5, "limb_width": 1.75})
    path = save_net(net, tmp_path / "net.safetensors")
    est = load(path, device="cpu")
    assert (est.pipeline.height, est.decoder.min_joints) == (96, 1)
    assert (est.codec.target.sigma, est.codec.target.limb_width) == (5, 1.75)
    assert est(face[0]).skeleton == COCO18
    with pytest.raises(BuposeError):
        load(tmp_path / "none.safetensors")


def test_published_network_finds_what_its_authors_runtime_finds(shared):
    """The imported human-pose-estimation-0001 against fields that OpenVINO computed with it."""
    from bupose.fields_file import FieldsFile
    from bupose.weights import import_weights

    net = import_weights(shared / "weights/human-pose-estimation-0001/human-pose-estimation-0001.xml")
    est = Estimator(net, device="cpu")
    with FieldsFile(shared / "data/coco/fields_val.npz") as file:
        for name in file.names[:2]:
            wanted, info = file[name]
            path = shared / "data/coco/val" / info["file_name"]
            got = est.fields(path)
            assert got.heat.shape == wanted.heat.shape
            assert np.abs(np.clip(got.heat, 0, 1) - wanted.heat).mean() < 0.002
            np.testing.assert_allclose(est.matrix(path)[:, :2], info["matrix"][:, :2], atol=0.002)
