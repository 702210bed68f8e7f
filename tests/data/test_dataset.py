"""Batches for training: the same in whatever process, and the same from the processor and from torch."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import bupose.data
from bupose import FieldCodec, Grid, TargetOptions
from bupose.data.batch import finish_batch, recolor, warp_photos
from bupose.data.dataset import DELIVERIES, PoseDataset, collate, init_worker
from bupose.data.datasets import open_samples
from bupose.errors import InputError, LabelsError, OptionsError
from bupose.methods.paf.painting import paint_batch
from bupose.people import Labels
from bupose.skeletons import BODY25, COCO17, COCO18

SIZE = (96, 80)


@pytest.fixture(scope="module")
def scenes():
    return open_samples("synthetic", {"count": 12, "size": (120, 100), "people": (0, 4)})


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(torch.as_tensor(first[name]), torch.as_tensor(second[name])), name


@pytest.mark.parametrize("deliver", ["targets", "joints"])
def test_seed_epoch_and_number_decide(scenes, deliver):
    dataset = PoseDataset(scenes, FieldCodec(COCO17), "strong", SIZE, seed=3, deliver=deliver)
    keys = [(epoch, i) for epoch in (0, 1) for i in range(12)]
    straight = [dataset[key] for key in keys]
    for workers in (1, 2):
        loader = DataLoader(
            dataset, sampler=keys, batch_size=4, num_workers=workers, worker_init_fn=init_worker, collate_fn=collate
        )
        for n, batch in enumerate(loader):
            assert_same(batch, collate(straight[4 * n : 4 * n + 4]))
    assert not torch.equal(dataset[0, 5]["image"], dataset[1, 5]["image"])
    assert_same(dataset[5], dataset[0, 5])
    other = PoseDataset(scenes, FieldCodec(COCO17), "strong", SIZE, seed=4, deliver=deliver)
    assert not torch.equal(dataset[5]["image"], other[5]["image"])


def test_what_a_batch_holds(scenes):
    dataset = PoseDataset(scenes, FieldCodec(COCO17), "light", SIZE)
    batch = collate([dataset[i] for i in range(3)])
    shapes = {name: (tuple(value.shape), value.dtype) for name, value in batch.items()}
    assert shapes == {
        "image": ((3, 3, 80, 96), torch.uint8),
        "matrix": ((3, 2, 3), torch.float32),
        "index": ((3,), torch.int64),
        "heat": ((3, 17, 10, 12), torch.float32),
        "paf": ((3, len(COCO17.limbs), 2, 10, 12), torch.float32),
        "weight": ((3, 10, 12), torch.float32),
    }
    assert batch["index"].tolist() == [0, 1, 2]


def test_targets_are_the_codec_s(coco_file):
    """Plain encoding of the letterboxed labels, crowd included."""
    samples, codec = open_samples("coco", {"annotations": coco_file}), FieldCodec(COCO17)
    item = PoseDataset(samples, codec, "none", (200, 104))[0]
    matrix = item["matrix"].double().numpy()
    moved = samples[0].labels.transform(matrix)
    ignore = cv2.warpAffine(samples[0].ignore.astype(np.uint8), matrix, (200, 104), flags=cv2.INTER_NEAREST) > 0
    truth = codec.encode(moved, (200, 104), ignore)
    assert np.allclose(item["heat"], truth.heat, atol=1e-5)
    assert np.allclose(item["paf"], truth.paf, atol=1e-5)
    assert np.allclose(item["weight"], truth.weight, atol=1e-5)
    assert item["weight"].min() == 0


@pytest.mark.parametrize("skeleton", [COCO18, BODY25])
@pytest.mark.parametrize("stride", [4, 8])
def test_painting_on_the_device_is_the_codec_s(skeleton, stride):
    """Crowds, joints far outside and missing, points for limbs; single cells may fall over a border by rounding."""
    rng, size = np.random.default_rng(stride), (160, 128)
    codec = FieldCodec(skeleton, Grid(stride), TargetOptions(sigma=6.3, limb_width=1.25))
    k, crowds = len(skeleton.joints), []
    for count in (0, 1, 9):
        xy = rng.uniform(-60, 200, (count, k, 2))
        xy[: count // 2, 1] = xy[: count // 2, 0]  # a limb without length
        crowds.append(Labels(xy, rng.integers(0, 3, (count, k)), skeleton))
    crowds[2].xy[3, 2] = np.nan
    ignore = rng.random((3, 128, 160)) < 0.4
    items = [
        {"xy": torch.from_numpy(c.xy), "present": torch.from_numpy(c.present), "ignore": torch.from_numpy(m)}
        for c, m in zip(crowds, ignore, strict=True)
    ]
    batch = collate(items)
    painted = paint_batch(batch, codec, size)
    heat, paf, weight = (painted[name] for name in ("heat", "paf", "weight"))
    for n, crowd in enumerate(crowds):
        truth = codec.encode(crowd, size, ignore[n])
        for mine, theirs in ((heat[n], truth.heat), (paf[n], truth.paf), (weight[n], truth.weight)):
            apart = np.abs(mine.numpy() - theirs) > 2e-4
            assert apart.mean() < 1e-3
    assert heat[1].max() > 0.5
    assert heat[0].max() == 0


def test_warping_on_the_device_is_opencv_s():
    rng = np.random.default_rng(0)
    photos = cv2.GaussianBlur(rng.integers(0, 256, (90, 120, 3), np.uint8), (0, 0), 1.5)
    angles, out = (0, 25, -140), (100, 70)
    matrices = [cv2.getRotationMatrix2D((60.3, 44.1), a, 0.8 + 0.3 * n) for n, a in enumerate(angles)]
    matrices[2][0] *= -1
    matrices[2][0, 2] += 110
    batch = torch.from_numpy(photos.transpose(2, 0, 1).copy())[None].repeat(3, 1, 1, 1)
    batch = collate([{"image": p} for p in batch])["image"]
    moved = warp_photos(batch, torch.tensor(np.array(matrices), dtype=torch.float32), out)
    for n, matrix in enumerate(matrices):
        truth = cv2.warpAffine(photos, matrix, out, flags=cv2.INTER_LINEAR, borderValue=(128,) * 3)
        apart = np.abs(moved[n].permute(1, 2, 0).numpy().astype(int) - truth)
        assert apart.max() <= 3  # OpenCV 4 rounds places to 1/32 px
        assert apart.mean() < 0.6


@pytest.mark.parametrize("preset", ["none", "light", "openpose"])
def test_the_three_ways_agree(scenes, preset):
    codec = FieldCodec(COCO17)
    sets = {way: PoseDataset(scenes, codec, preset, SIZE, seed=7, deliver=way) for way in DELIVERIES}
    batches = {way: collate([dataset[2, i] for i in range(12)]) for way, dataset in sets.items()}
    for way in ("joints", "photos"):
        mine, truth = finish_batch(batches[way], codec, SIZE), batches["targets"]
        assert mine.keys() == truth.keys()
        for name in ("heat", "paf", "weight"):
            assert (mine[name] - truth[name]).abs().gt(1e-3).float().mean() < 1e-3
        apart = (mine["image"].int() - truth["image"].int()).abs()
        assert apart.max() <= (0 if way == "joints" else 5)
        assert apart.float().mean() < 0.5


def test_photos_of_different_sizes(coco_file, tmp_path, shared):
    """Padding must not be seen: what lies outside a photo is grey, whatever its neighbours' size."""
    folder = shared / "data" / "coco"
    samples = open_samples("coco", {"annotations": str(folder / "val.json"), "images": str(folder / "val"), "limit": 4})
    codec, sets = FieldCodec(COCO17), {}
    for way in ("targets", "photos"):
        dataset = PoseDataset(samples, codec, "openpose", (184, 184), deliver=way)
        sets[way] = collate([dataset[i] for i in range(4)])
    mine = finish_batch(sets["photos"], codec, (184, 184))
    assert (mine["image"].int() - sets["targets"]["image"].int()).abs().float().mean() < 0.6


def test_colors_on_the_device():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (2, 3, 8, 9)).astype(np.uint8)
    colors = rng.uniform(-1, 1.5, (2, 3, 4)).astype(np.float32) * (1, 1, 1, 40)
    mine = recolor(torch.from_numpy(image), torch.from_numpy(colors.astype(np.float32)))
    for n in range(2):
        truth = cv2.transform(image[n].transpose(1, 2, 0), colors[n].astype(np.float32)).transpose(2, 0, 1)
        assert np.abs(mine[n].numpy().astype(int) - truth).max() <= 1


def test_refusals(scenes):
    with pytest.raises(LabelsError, match="open the data with skeleton=coco18"):
        PoseDataset(scenes, FieldCodec(COCO18))
    with pytest.raises(OptionsError, match="not multiples of the stride 8"):
        PoseDataset(scenes, FieldCodec(COCO17), size=(100, 96))
    with pytest.raises(OptionsError, match="choose one of targets, joints, photos"):
        PoseDataset(scenes, FieldCodec(COCO17), deliver="pixels")
    with pytest.raises(OptionsError, match="deliver=photos has no"):
        PoseDataset(scenes, FieldCodec(COCO17), "strong", deliver="photos")
    with pytest.raises(IndexError):
        PoseDataset(scenes, FieldCodec(COCO17))[12]


def test_only_batches_need_torch():
    """Reading, augmenting and checking data work where torch is slow to import, or absent."""
    folder = Path(bupose.data.__file__).parent
    users = {
        p.name
        for p in folder.glob("*.py")
        if "import torch" in p.read_text(encoding="utf-8") or "from torch" in p.read_text(encoding="utf-8")
    }
    assert users == {"dataset.py", "batch.py"}
    code = "import sys, bupose.data as d; d.augment_options('strong'), d.DATASETS; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- pictures that cannot be read ---


@pytest.fixture
def photos(tmp_path):
    for n in range(4):
        cv2.imwrite(str(tmp_path / f"{n}.png"), np.full((100, 120, 3), 50 * n, np.uint8))
    return tmp_path


@pytest.mark.parametrize("deliver", DELIVERIES)
def test_the_next_picture_stands_in_for_one_that_cannot_be_read(photos, deliver, caplog):
    (photos / "1.png").write_bytes(b"broken")
    (photos / "2.png").unlink()
    (photos / "2.png").symlink_to("nowhere.png")
    dataset = PoseDataset(open_samples("folder", {"images": str(photos)}), FieldCodec(COCO17), "none", SIZE, 0, deliver)
    for _ in range(2):
        assert_same(dataset[1], dataset[3])
    assert dataset[1]["image"].max() == 150
    told = caplog.messages
    assert [line.partition(": ")[0] for line in told] == 2 * ["left out of training"]


def test_all_of_them_unreadable(photos):
    for path in photos.iterdir():
        path.write_bytes(b"broken")
    dataset = PoseDataset(open_samples("folder", {"images": str(photos)}), FieldCodec(COCO17), "none", SIZE)
    with pytest.raises(InputError, match="is damaged"):
        dataset[0]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_photos_of_unknown_size_are_upright(tmp_path, orientation):
    """A camera's photo, of which the annotations say no size: labels are as it is seen."""
    pil = pytest.importorskip("PIL.Image")
    exif = pil.Exif()
    exif[0x112] = orientation
    seen = np.zeros((40, 60, 3), np.uint8)
    seen[5:15, 40:50] = 255
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]  # quarters anticlockwise, from what is seen to what is stored
    pil.fromarray(np.rot90(seen, turns)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    person = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [38, 3, 14, 14], "area": 196, "iscrowd": 0}
    person |= {"keypoints": [45, 10, 2], "num_keypoints": 1}
    category = {"id": 1, "name": "person", "keypoints": ["nose"], "skeleton": []}
    data = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [person], "categories": [category]}
    (tmp_path / "a.json").write_text(json.dumps(data))
    sample = open_samples("coco", {"annotations": str(tmp_path / "a.json")})[0]
    assert sample.image.shape == seen.shape
    x, y = sample.labels.xy[0, sample.labels.skeleton.joints.index("nose")].astype(int)
    assert sample.image[y, x].min() > 200
