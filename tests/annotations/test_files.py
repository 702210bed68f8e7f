"""Files that hold annotations: encodings, and what is no file or no JSON."""

import os

import pytest

from bupose.annotations import load_json
from bupose.errors import InputError
from bupose.evaluate import coco_ap, read_ground_truth


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(sets, encoding):
    path = sets.write(sets.people(), encoding=encoding)
    assert sum(map(len, sets.taught(path).values())) == len(read_ground_truth(path).as_results()) == 3
    found = sets.write(read_ground_truth(path).as_results(), "found.json", encoding=encoding)
    assert coco_ap(found, path)["AP"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is not JSON"), (b"\xff\xfe\x00", "is not JSON"), (b"{", "is not JSON"), (b"[" * 100000, "is not JSON"),
     (b'{"a": "\xe4"}', "is not JSON"), (b"9" * 5000, "is not JSON"), (b"\x1f\x8b", "is not JSON")],
)  # fmt: skip
def test_what_is_no_json(sets, content, says):
    (sets.folder / "set.json").write_bytes(content)
    sets.refused_by_both(str(sets.folder / "set.json"), says)


@pytest.mark.parametrize(
    "path", ["/dev/zero", "gone.json", "a\0b", "~nobody_of_this_name/a.json", "/dev/null", "x" * 300]
)
def test_what_is_no_file(path):
    with pytest.raises(InputError, match=r"cannot read|home folder that is not known"):
        load_json(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(InputError, match="no regular file"):
        load_json(tmp_path / "pipe.json")
