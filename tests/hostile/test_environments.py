"""Surroundings in which other programs fall over: no home, no room, no streams, odd variables."""

import numpy as np
import pytest

from bupose import Fields, Grid
from bupose.fields_file import write_fields
from bupose.skeletons import COCO17

ODD = {  # what harms nobody, and is all there at once on a machine somewhere
    "HOME": None,
    "BUPOSE_CACHE": None,  # compiles anew
    "TMPDIR": "/nonexistent",
    "TZ": ":/etc/passwd",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONDEVMODE": "1",
    "PYTHONWARNINGS": "error",
    "TERM": "nonsense",
    "NO_COLOR": "1",
    "FORCE_COLOR": "1",
    "COLUMNS": "0",
    "LINES": "-1",
    "PATH": "",
    "HYDRA_FULL_ERROR": "maybe",
    "BUPOSE_DEBUG": "yes",
    "BUPOSE_KERNELS": "fast",
    "OMP_NUM_THREADS": "many",
    "MPLBACKEND": "nonsense",
}
SHELLS = [  # "$@" is the command; the exit status expected, and what is said
    ("stdin, stdout and stderr closed", '"$@" <&- >&- 2>&-', 0, ""),
    ("stdout full", '"$@" >/dev/full', 2, "standard output"),
    ("nobody reads", '"$@" | true; exit ${PIPESTATUS[0]}', 0, ""),
    ("nobody reads, SIGPIPE ignored", 'trap "" PIPE; "$@" | true; exit ${PIPESTATUS[0]}', 0, ""),
    ("20 open files at most", 'ulimit -n 20; "$@"', 0, "people, 0 failed"),
    ("not even the libraries fit", 'ulimit -v 300000; "$@"', 2, "cannot be loaded"),
    ("umask 777", 'umask 777; "$@"; status=$?; chmod -R u+rwX .; exit $status', 0, "people, 0 failed"),
    ("the working folder removed", 'mkdir gone; cd gone; rmdir ../gone; "$@"', 2, "working folder"),
]


@pytest.fixture
def saved(hostile):
    """Saved fields of a picture, named by what ASCII lacks."""
    rng = np.random.default_rng(0)
    heat, paf = rng.random((17, 8, 12)), rng.uniform(-1, 1, (19, 2, 8, 12))
    write_fields(hostile.folder / "fields.npz", {"Straße": Fields(heat, paf, Grid(8), COCO17)})
    return hostile


def test_odd_variables(saved):
    ended = saved.spawn("group", "input=fields.npz", "output=out", "fields_pictures=true", environment=ODD)
    saved.judge(ended, 0, "people, 0 failed", inputs=len(ODD))


def test_names_that_the_file_system_lacks(saved):
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = saved.spawn("group", "input=fields.npz", "output=out", environment=ascii_only)
    saved.judge(ended, 1, "1 failed", inputs=len(ascii_only))


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_odd_encodings(saved, encoding):
    ended = saved.spawn("group", "input=fields.npz", "output=out", environment={"PYTHONIOENCODING": encoding})
    assert (saved.folder / "out" / "coco_results.json").is_file()
    ended.out = ended.out.replace("\0", "")
    saved.judge(ended, 0, "people, 0 failed")


@pytest.mark.parametrize(("shell", "status", "words"), [s[1:] for s in SHELLS], ids=[s[0] for s in SHELLS])
def test_surroundings(saved, shell, status, words):
    ended = saved.spawn("group", "input=fields.npz", "output=out", shell=shell)
    saved.judge(ended, status, words)
    if not status:
        assert (saved.folder / "out" / "coco_results.json").is_file()


@pytest.mark.parametrize("command", ["doctor", "group"])
def test_help_without_docstrings(hostile, command):
    hostile.judge(hostile.spawn(command, "--help", environment={"PYTHONOPTIMIZE": "2"}), 2, "removes all help")


def test_numba_that_cannot_be_loaded(saved):
    ended = saved.spawn("group", "input=fields.npz", "output=out", environment={"NUMBA_NUM_THREADS": "0"})
    saved.judge(ended, (1, 2), "BUPOSE_KERNELS=reference")


def test_a_screen_that_is_not_there(hostile, picture):
    for display in ({"DISPLAY": ":99"}, {"DISPLAY": "", "WAYLAND_DISPLAY": "nowhere"}, {"DISPLAY": None}):
        ended = hostile.run("infer", "input=a.png", hostile.weights, "output=out", "show=true", environment=display)
        hostile.judge(ended, 2, "no display")


def test_odd_devices(hostile, picture):
    environment = {"CUDA_VISIBLE_DEVICES": "abc,,-1", "QT_QPA_PLATFORM": "nonsense", "BUPOSE_DEBUG": "0"}
    ended = hostile.run("infer", "input=a.png", hostile.weights, "output=out", environment=environment)
    hostile.judge(ended, 0, "1 picture,", inputs=len(environment))
