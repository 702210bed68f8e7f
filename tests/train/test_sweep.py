"""A sweep that is given again goes on with what has not finished; its runs are compared by one referee."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from bupose import cli, geometry
from bupose.benchmark import systems
from bupose.errors import InputError
from bupose.evaluate.sampled import ground_truth_of_samples
from bupose.people import People
from bupose.process import INTERRUPTED
from bupose.skeletons import COCO17
from bupose.synthetic import Synthetic, SyntheticOptions
from bupose.train.checkpoints import StopBetweenSteps
from bupose.train.sweep import ASKED, find_result, go_on

SMALL = [
    "experiment=bench", "hydra.sweep.dir=s", "trunk.options.width=0.1", "trunk.options.channels=8", "data.count=8",
    "head.options.width=8", "trainer.minutes=0", "trainer.steps=4", "trainer.batch=2", "trainer.size=[64,64]",
    "trainer.validate_every=4", "trainer.save_every=2", "trainer.validation_limit=2", "val.size=[64,64]",
    "data.size=[64,64]", "val.count=2", "logger.progress=false",
]  # fmt: skip


@pytest.fixture
def called(monkeypatch):
    """The options of every training of the command, in order."""
    command, called = import_module("bupose.cli.train"), []
    real = command.train
    monkeypatch.setattr(command, "train", lambda options, given: called.append(options) or real(options, given))
    return called


def test_a_sweep_goes_on_after_an_interruption(called, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def stop(self, trainer, *_):
        if len(called) == 2 and trainer.global_step == 3:
            raise KeyboardInterrupt

    sweep = ["train", "-m", *SMALL, "system=paf,single"]
    with monkeypatch.context() as patched:
        patched.setattr(StopBetweenSteps, "on_train_batch_end", stop)
        assert cli.main(sweep) == INTERRUPTED
    assert [Path(o.output).relative_to(tmp_path) for o in called] == [Path("s/paf/0"), Path("s/single/0")]
    assert not (tmp_path / "s/single/0/result.json").exists()
    before = (tmp_path / "s/paf/0/best.safetensors").stat().st_mtime_ns
    assert cli.main(sweep) == 0
    assert [(o.method, bool(o.resume)) for o in called[2:]] == [("single", True)]
    assert (tmp_path / "s/paf/0/best.safetensors").stat().st_mtime_ns == before
    assert "s/paf/0: finished before" in capsys.readouterr().out
    monkeypatch.setattr(systems, "SCENES", {**systems.SCENES, "count": 2})
    monkeypatch.setattr(systems, "SIDE", 64)
    assert cli.main(["benchmark", "part=systems", "networks=s", "photos=2", "plots=."]) == 0
    told = capsys.readouterr().out
    rows = [line.split(" | ") for line in told.splitlines() if line.startswith("| MobileNetV2")]
    assert {row[1].strip() for row in rows} == {"paf", "single"}
    assert (tmp_path / "bench_synthetic.png").stat().st_size > 10_000


def test_only_the_same_options_are_the_same_run(small_training):
    options = small_training()
    folder = Path(options.output)
    assert go_on(options) is options  # nothing there
    assert find_result(options) is None
    assert go_on(options).overwrite  # killed before its first checkpoint
    (folder / "last.ckpt").touch()
    assert go_on(options).resume == str(folder)
    assert go_on(replace(options, seed=1)).resume is None
    (folder / ASKED).unlink()
    go_on(options)
    (folder / "result.json").write_text('{"AP": 12.5, "AR": 20.0}')
    assert find_result(options) == 12.5
    assert find_result(replace(options, seed=1)) is None
    go_on(replace(options, seed=1))
    assert find_result(options) == 12.5  # who else asked is not noted over it
    moved = replace(options, output=str(folder.rename(folder.with_name("moved"))))
    assert find_result(moved) == 12.5


class Finder:
    """Finds a person whose every joint is the brightest pixel of what it sees."""

    codec = type("Codec", (), {"name": "single", "skeleton": COCO17})

    def __call__(self, image):
        y, x = np.unravel_index(image[..., 0].argmax(), image.shape[:2])
        if not image[y, x, 0]:
            return People.nobody(COCO17)
        return People(np.full((1, 17, 2), (x, y)), np.ones((1, 17)), np.ones(1), COCO17)


def test_people_in_given_boxes_are_where_they_are_in_the_picture():
    image = np.zeros((120, 200, 3), np.uint8)
    boxes, dots = [(10, 20, 30, 60), (150, 30, 60, 80), (90, 5, 20, 30)], [(22, 70), (180, 100)]
    for x, y in dots:
        image[y, x] = 255
    people = systems.find_in_boxes(Finder(), image, np.array(boxes, float))
    np.testing.assert_array_equal(people.xy, np.repeat(np.array(dots, np.float32)[:, None], 17, 1))


def test_crowding_parts_the_pictures():
    scenes = Synthetic(SyntheticOptions(count=12, size=(96, 96), people=(1, 6), scene="simple"))
    truth = ground_truth_of_samples(scenes, 12)
    found = {n: scenes[n].labels.to_people() for n in range(12)}
    found[0] = found[0].transform(geometry.translate(500, 0))
    parts = systems.by_crowding(found, truth)
    alone = [n for n in range(12) if len(scenes[n].labels) == 1]
    index = [systems.crowd_indices(truth)[n] for n in range(12)]
    assert all(index[n] == 0 for n in alone)
    limits = [(-1, 0.1), (0.1, 0.8), (0.8, 2)]
    spoilt = next(title for title, (low, high) in zip(parts, limits) if low <= index[0] < high)
    for title, value in parts.items():
        assert (value < 99) == (title == spoilt) or np.isnan(value)


def test_no_runs_are_told(tmp_path):
    with pytest.raises(InputError, match="no finished run"):
        systems.find_runs(tmp_path)


def test_names_in_the_plot_lie_apart():
    """Of marks that lie together, as HRNet's and HigherHRNet's do."""
    rows = [{"system": f"a long name {n}", "method": "paf", "ms": 80 + n, "AP": 2 - n / 3} for n in range(6)]
    figure = systems.plot_systems([*rows, {"system": "far", "method": "tags", "ms": 8, "AP": 40}])
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 7
    assert not any(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[:n])
