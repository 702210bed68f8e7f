"""What pip installs from a wheel works by itself: in a folder that has nothing of the checkout, as the README says."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import cv2
import pytest

from bupose import samples

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "NOTICE", "bupose", "conf")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a program of an environment that a wheel was installed into, in an empty folder; gives what it prints."""
    place, source, work = (tmp_path_factory.mktemp(name) for name in ("venv", "source", "work"))
    for name in SOURCE:  # a build leaves things behind, which a checkout should not have
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP"))}
    environment["BUPOSE_KERNELS"] = "reference"  # compiling takes longer than all the rest
    binary = place / ("Scripts" if os.name == "nt" else "bin")

    def run(*command):
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", f"--wheel-dir={place}", source)
    run(sys.executable, "-m", "venv", "--without-pip", place)
    (wheel,) = place.glob("*.whl")
    run(*pip, f"--python={binary / 'python'}", "install", "--no-deps", "--no-index", wheel)
    site = run(binary / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # What bupose needs, from the environment of the tests; a .pth in there, as of an editable bupose, is not read.
    Path(site, "needed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    cv2.imwrite(str(work / "photo.jpg"), samples.draw_crowd(5, seed=11).image[..., ::-1])
    return lambda program, *arguments: run(binary / program, *arguments), Path(site), work


def test_the_readmes_first_lines_of_python(run):
    program, site, _ = run
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)[1]
    more = "from bupose.cli import schemas\nprint(bupose.__file__, schemas.folder(), len(people), len(trace.people))"
    file, presets, people, explained = program("python", "-c", f"{block}\n{more}").split()[-4:]
    assert Path(file).is_relative_to(site)
    assert Path(presets).is_relative_to(site)
    assert int(people) == int(explained) == 5


def test_its_command(run):
    program, _, work = run
    program("bupose", "infer", "photo.jpg", "device=cpu", "decoder=everything")
    assert len(json.loads((work / "out" / "coco_results.json").read_text(encoding="utf-8"))) >= 5
    assert sorted(path.name for path in work.iterdir()) == ["out", "photo.jpg"]
