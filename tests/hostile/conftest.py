"""The frame of the hostile inputs: run a command line on one, and judge how it ended.

A test writes its input into ``hostile.folder``, runs a command there and has it judged::

    def test_cut_short(hostile):
        (hostile.folder / "a.png").write_bytes(b"\\x89PNG")
        ended = hostile.run("infer", "input=a.png", hostile.weights, "output=out")
        hostile.judge(ended, 1, "a.png")

:meth:`Hostile.judge` holds every run against the same rules, whatever the input was. Each judged run counts as one
input of its kind, the test file's name; the terminal's summary tells how many there were.
"""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from bupose import weights
from bupose.errors import BuposeError
from bupose.nn import NetworkConfig, PoseNet
from bupose.paths import cache_home
from bupose.skeletons import COCO17

ROOT = Path(__file__).resolve().parents[2]
STATUSES = (0, 1, 2, 130, 143)  # all well, some pictures failed, a mistake, Ctrl-C, SIGTERM
TIMEOUT = 60  # seconds; against hangs, no measure of speed
MEMORY = 1_500_000  # kB that a run on a small input may take; torch and its libraries alone take 450 000
LITTER = re.compile(r"^\.bupose|\.part$")  # names that bupose.atomic writes under
RAW = re.compile(  # what no sentence holds: internals of Python and of libraries
    r"Traceback|object at 0x|NoneType|<class|OpenCV\(|\[Errno|site-packages|dtype\(|tensor\(|Warning:|\b[A-Z]\w+Error\b"
)
COUNTS = re.compile(r"(\d+) pictures?, (\d+) (?:person|people), (\d+) failed")


@dataclass(repr=False)
class Outcome:
    """How a command line ended."""

    arguments: tuple[str, ...]
    status: int | None
    out: str
    err: str
    memory: int
    before: dict[Path, str]

    def __str__(self) -> str:
        said = f"\n--- out\n{self.out[-3000:]}\n--- err\n{self.err[-6000:]}"
        return f"bupose {' '.join(map(repr, self.arguments))[:2000]} ended with {self.status}{said}"


class Job:
    """A child under way."""

    def __init__(self, server: subprocess.Popen, folder: Path, arguments, before):
        self._server, self._folder, self._arguments, self._before = server, folder, arguments, before
        self.pid = int(server.stdout.readline())

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the child and to all it has started."""
        os.killpg(self.pid, number)

    def wait(self, timeout: float = TIMEOUT) -> Outcome:
        """The end; ``status`` is None where it had to be killed for not coming to one, negative after a signal."""
        late = threading.Timer(timeout, self.kill)
        late.start()
        status, memory = map(int, self._server.stdout.readline().split())
        hung = late.finished.is_set()
        late.cancel()
        out, err = ((self._folder / name).read_bytes().decode(errors="replace") for name in ("stdout", "stderr"))
        status = None if hung else os.waitstatus_to_exitcode(status)
        return Outcome(self._arguments, status, out, err, memory, self._before)


class Hostile:
    """A folder of its own, and the tools of a test."""

    def __init__(self, folder: Path, network: Path, server: subprocess.Popen, count):
        self.folder, self.network, self._server, self._count = folder / "work", network, server, count
        self.weights = f"weights={network}"
        self._aside = folder  # of what the test is not to see
        for name in ("work", "tmp", "home"):
            (folder / name).mkdir()

    def start(self, *arguments: str, environment: dict | None = None, limits: dict | None = None) -> Job:
        """Begin a command line in the folder, in a forked child; ``limits`` are those of ``resource``, as FSIZE."""
        for name in ("stdout", "stderr"):
            (self._aside / name).write_bytes(b"")
        before = _look(self.folder)
        job = {
            "arguments": arguments,
            "folder": str(self.folder),
            "environment": self._environment() | (environment or {}),
            "limits": {"CORE": 0} | (limits or {}),
            "out": str(self._aside / "stdout"),
            "err": str(self._aside / "stderr"),
        }
        print(json.dumps(job), file=self._server.stdin, flush=True)
        return Job(self._server, self._aside, arguments, before)

    def run(self, *arguments: str, timeout: float = TIMEOUT, **more) -> Outcome:
        """As :meth:`start`, to its end."""
        return self.start(*arguments, **more).wait(timeout)

    def infer(self, *more: str, **how) -> Outcome:
        """Over the folder "in", which gets a good picture: :meth:`found` says whether that was lost."""
        cv2.imwrite(str(self.folder / "in" / "good.png"), np.full((48, 64, 3), 90, np.uint8))
        return self.run("infer", "input=in", self.weights, "output=out", *more, **how)

    def found(self, name: str = "good") -> bool:
        """Whether a picture has results."""
        return (self.folder / "out" / "openpose" / f"{name}_keypoints.json").is_file()

    def spawn(self, *arguments: str, environment: dict | None = None, shell: str = "", timeout=2 * TIMEOUT) -> Outcome:
        """As :meth:`run`, in a fresh interpreter, which takes seconds: for what matters before bupose is imported.

        ``shell`` is a command line around it, where ``"$@"`` stands for bupose with its arguments; None as a value of
        the environment takes the variable away.
        """
        environment = os.environ | self._environment() | {"PYTHONPATH": str(ROOT)} | (environment or {})
        command = [sys.executable, "-m", "bupose", *arguments]
        if shell:
            command = ["bash", "-c", shell, "bash", *command]
        before = _look(self.folder)
        child = subprocess.Popen(
            command,
            cwd=self.folder,
            env={name: value for name, value in environment.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = child.communicate(timeout=timeout)
            status = child.returncode
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            (out, err), status = child.communicate(), None
        return Outcome(arguments, status, out.decode(errors="replace"), err.decode(errors="replace"), 0, before)

    def judge(
        self, ended: Outcome, status: int | tuple[int, ...], *words: str, inputs: int = 1, kind: str = ""
    ) -> None:
        """Hold the end of a run against the rules, and against the expected status and words of what it said.

        ``inputs`` is how many hostile inputs the run had.
        """
        expected = (status,) if isinstance(status, int) else status
        assert ended.status is not None, f"hangs: {ended}"
        assert ended.status in STATUSES, str(ended)
        assert not RAW.search(ended.err), str(ended)
        assert "Traceback" not in ended.out, str(ended)
        assert ended.status in expected, str(ended)
        for word in words:
            assert word.casefold() in (ended.out + ended.err).casefold(), f"{word!r} is not told: {ended}"
        lines = ended.err.splitlines()
        mistakes = [line for line in lines if line.startswith("error: ")]
        assert len(mistakes) == (ended.status == 2), str(ended)
        if ended.status == 1:
            assert ended.err.strip() or ended.out.strip(), f"nothing is told: {ended}"
        for line in lines:
            assert len(line) < 2000, str(ended)
            assert line.count(" ") >= 2, f"no sentence: {ended}"
            assert line.isprintable(), f"what a terminal would obey: {ended}"
        assert ended.memory < MEMORY, f"took {ended.memory / 1e6:.1f} GB: {ended}"
        self._check_files(ended)
        self._count(inputs, kind)

    def refused(self, call, *arguments, says: str = "", kind: type = BuposeError, **more) -> str:
        """The one sentence of the error that a call from Python must end with."""
        with pytest.raises(kind) as problem:
            call(*arguments, **more)
        text = str(problem.value)
        assert text
        assert "\n" not in text
        assert len(text) < 2000
        assert not re.search(r"Traceback|object at 0x", text), text
        assert says.casefold() in text.casefold()
        self.passed()
        return text

    def passed(self, inputs: int = 1, kind: str = "") -> None:
        """Count inputs that the test itself has judged."""
        self._count(inputs, kind)

    def _environment(self) -> dict:
        folders = {"HOME": self._aside / "home", "TMPDIR": self._aside / "tmp"}
        folders["BUPOSE_CACHE"] = cache_home()  # every process would compile the kernels anew in a home of its own
        return {name: str(folder) for name, folder in folders.items()} | {"OMP_NUM_THREADS": "1"}

    def _check_files(self, ended: Outcome) -> None:
        """No litter, nothing that was there before touched, and results that fit together."""
        after = _look(self.folder)
        litter = [path for path in after if LITTER.search(path.name)] + [
            path for path in (self._aside / "tmp").iterdir() if not path.name.startswith("bupose-numba-")
        ]
        assert not litter, f"left {litter}: {ended}"
        output = next((a.partition("=")[2] for a in ended.arguments if a.startswith("output=")), "out") or "."
        output = self.folder / os.path.expanduser(output)
        for path, content in ended.before.items():
            if ended.status == 2 or output not in (path, *path.parents):
                assert after.get(path) == content, f"{path} was touched: {ended}"
        for path in after:
            if path.suffix == ".json" and path not in ended.before and path.is_file():
                json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
        counts, before = COUNTS.search(ended.out), re.search(r"\d+(?= done before)", ended.out)
        if counts and (output / "images.json").is_file() and not before:
            self._check_results(output, *map(int, counts.groups()))

    def _check_results(self, output: Path, pictures: int, people: int, failed: int) -> None:
        images = json.loads((output / "images.json").read_text(encoding="utf-8"))
        problems = [image for image in images if "problem" in image]
        ids, names = {image["id"] for image in images}, {image["name"] for image in images}
        assert len(ids) == len(names) == len(images)
        if (output / "fields").is_dir() or problems or not failed:  # bupose group lists no pictures that failed
            assert (len(images) - len(problems), len(problems)) == (pictures, failed)
        results = output / "coco_results.json"
        if results.is_file():
            found = json.loads(results.read_text(encoding="utf-8"))
            assert len(found) == people
            assert {person["image_id"] for person in found} <= ids - {image["id"] for image in problems}


@pytest.fixture(scope="session")
def hostile_network(tmp_path_factory):
    """A network whose weights are chance: it runs in a millisecond, and sees a few people in noise."""
    torch.manual_seed(0)
    options = {"width": 0.1, "last": False, "channels": 8}
    net = PoseNet(
        NetworkConfig(COCO17, "mobilenet_v2", "plain", options, {"layers": 1, "width": 8}, preprocess={"height": 64})
    )
    return weights.save(net, tmp_path_factory.mktemp("hostile") / "net.safetensors")


@pytest.fixture(scope="session")
def hostile_server():
    """The process that forks."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8:strict", "OMP_NUM_THREADS": "1"}
    environment["MALLOC_ARENA_MAX"] = "2"  # otherwise eight a core, 64 MB each of the address space that is limited
    command = [sys.executable, str(Path(__file__).with_name("forks.py"))]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=environment) as server:
        assert server.stdout.readline() == "ready\n"
        yield server
        server.stdin.close()


@pytest.fixture
def folder(hostile):
    """The folder "in", for :meth:`Hostile.infer`."""
    (hostile.folder / "in").mkdir()
    return hostile.folder / "in"


@pytest.fixture
def hostile(tmp_path, hostile_network, hostile_server, request):
    """The tools of these tests, and a folder to work in."""
    kind = request.path.stem.removeprefix("test_")

    def count(inputs: int, other: str) -> None:
        request.node.user_properties.append(("hostile", [other or kind, inputs]))

    return Hostile(tmp_path, hostile_network, hostile_server, count)


@pytest.fixture
def picture(hostile):
    """The path of a picture of noise in which the network sees people: a.png."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    path = hostile.folder / "a.png"
    cv2.imwrite(str(path), noise)
    return path


def _look(folder: Path) -> dict[Path, str]:
    """Every file below a folder, and what it holds; what is no regular file is never opened."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in (*files, *(f for f in folders if Path(root, f).is_symlink())):
            path = Path(root, name)
            there = path.lstat()
            plain = path.is_file() and not path.is_symlink() and there.st_size < 50_000_000 and os.access(path, os.R_OK)
            found[path] = hashlib.md5(path.read_bytes()).hexdigest() if plain else f"{there.st_mode} {there.st_size}"
    return found


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
