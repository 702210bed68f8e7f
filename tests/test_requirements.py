"""What bupose asks for, as pip writes it into a package's metadata."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement as Independent

from bupose import requirements
from bupose.requirements import Requirement, of_module, read_requirements

LINES = [
    "torch>=2.4",
    "numpy (>=1.26)",
    "PyYAML >= 6",
    "tqdm",
    "hydra-core<1.4,>=1.3",
    "scipy<2",
    'sqlalchemy<2,>=1.4; extra == "search"',
    'lightning>=2.5; extra == "train"',
    "tensorboard >=2.16 ; extra == 'train'",
    'jupyter-lab[all]>=4.0.1; python_version > "3.10" and extra == "notebooks"',
]


@pytest.fixture
def metadata(monkeypatch):
    """What pip knows: requirements of bupose, and versions of what is installed."""
    versions = {}

    def version(name):
        if name not in versions:
            raise requirements.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(requirements.metadata, "requires", lambda name: LINES)
    monkeypatch.setattr(requirements.metadata, "version", version)
    return versions


def test_lines_are_read(metadata):
    found = read_requirements()
    assert [r.name for r in found] == [re.match(r"[\w-]+", line)[0].lower() for line in LINES]
    assert [r.extra for r in found] == ["", "", "", "", "", "", "search", "train", "train", "notebooks"]
    assert {r.name: r.versions for r in found if r.name in ("torch", "numpy", "tqdm", "sqlalchemy")} == {
        "torch": ">=2.4", "numpy": ">=1.26", "tqdm": "", "sqlalchemy": "<2,>=1.4",
    }  # fmt: skip


def test_what_is_installed(metadata):
    metadata |= {"torch": "2.3.1+cu118", "numpy": "1.26", "opencv-python-headless": "5.0"}
    assert not Requirement("torch", ">=2.4").fits
    assert Requirement("torch", ">=2").fits
    assert Requirement("numpy", ">=1.26").fits
    assert not Requirement("numpy", "<1.9").fits
    assert Requirement("opencv-python", ">=4.9").version == "5.0"
    assert Requirement("lightning", ">=2.5").version == ""
    assert Requirement("lightning", ">=2.5").fits


def test_modules_and_remedies(metadata):
    assert Requirement("opencv-python").module == "cv2"
    assert Requirement("hydra-joblib-launcher").module == "hydra_joblib_launcher"
    assert of_module("yaml.reader").name == "pyyaml"
    assert of_module("lightning").remedy == 'pip install --upgrade "bupose[train]"'
    assert of_module("torch").remedy == 'pip install --upgrade "torch>=2.4"'
    assert of_module("unheard_of").remedy == 'pip install --upgrade "unheard_of"'


def test_a_bupose_that_is_only_on_the_path(monkeypatch):
    def requires(name):
        raise requirements.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(requirements.metadata, "requires", requires)
    assert read_requirements() == []


def test_what_is_tested_with_fits_what_is_asked_for_and_no_candidate_of_hydras_does():
    """hydra's plugins ask for ``hydra-core>=1.1.0.dev7``, which lets pip take release candidates, too."""
    root = Path(__file__).resolve().parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    asked = {needed.name: needed.specifier for needed in map(Independent, asked)}
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    unfit = [n for n, version in tested.items() if n in asked and version not in asked[n]]
    assert not unfit
    assert len(tested.keys() & asked.keys()) > 20
    assert not asked["hydra-core"].contains("1.4.0rc3", prereleases=True)
