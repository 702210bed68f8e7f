"""Further formats of a run: what cannot be written is refused before the network has seen anything."""

import pytest

from bupose.errors import BuposeError
from bupose.exchange.formats.options import WriteOptions
from bupose.predict.further import Further
from bupose.predict.options import InferOptions
from bupose.predict.predict import infer


def run(picture, out, **values):
    options = {"height": 160, "overlays": False, "openpose": False, "output": str(out), **values}
    return infer(InferOptions(input=str(picture), **options))


@pytest.fixture
def picture(tmp_path, face, lab):
    lab.save(tmp_path / "a.png", face[0])
    return tmp_path / "a.png"


@pytest.mark.parametrize(
    ("also", "write", "says"),
    [
        ("sleap", {}, "also=sleap: .*are pictures"),
        ("angles", {"angles": "nowhere.yaml"}, "also=angles: .*nowhere"),
        ("angles", {}, "also=angles: .*none of the usual angles"),
    ],
)
def test_what_cannot_be_is_refused_at_the_start(net, picture, tmp_path, also, write, says):
    if also == "sleap":
        pytest.importorskip("h5py")
    with pytest.raises(BuposeError, match=says):
        run(picture, tmp_path / "out", also=("coco", also), write=WriteOptions(**write))
    assert not net.batches
    assert not [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".json", ".csv")]


def test_a_format_that_fails_in_the_end_is_no_picture(net, picture, tmp_path, monkeypatch, capsys):
    """And costs no other results."""
    monkeypatch.setattr(Further, "rehearse", lambda *_, **__: None)
    summary = run(picture, tmp_path / "out", also=("angles", "coco"))
    assert (summary.pictures, summary.failed, summary.unwritten) == (1, 0, 1)
    assert ", 0 failed, 1 format not written; " in str(summary)
    assert "also=angles: " in capsys.readouterr().err
    assert list((tmp_path / "out" / "coco").iterdir())
