"""``import bupose`` is light, and every name it promises is there."""

import subprocess
import sys

import pytest

import bupose

HEAVY = ("torch", "cv2", "numba", "hydra", "scipy", "matplotlib", "pycocotools", "lightning", "yaml", "omegaconf")


def imported_by(statement: str) -> set[str]:
    """Top-level packages in memory after the statement, in a fresh interpreter."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import bupose; dir(bupose); bupose.__version__",
        "import bupose; bupose.People, bupose.Labels, bupose.Fields, bupose.Grid, bupose.Skeleton, bupose.BuposeError",
        "import bupose; bupose.skeletons, bupose.geometry, bupose.fields_file",
    ],
    ids=["package", "value types", "modules"],
)
def test_light(statement):
    assert not imported_by(statement) & set(HEAVY)


def test_the_package_alone_needs_not_even_numpy():
    loaded = imported_by("import bupose")
    assert "numpy" not in loaded
    assert "bupose" in loaded


@pytest.mark.parametrize("name", bupose.__all__)
def test_every_promised_name_is_there(name):
    assert getattr(bupose, name) is not None


def test_an_unknown_name_is_named():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = bupose.nonsense
    assert not hasattr(bupose, "nonsense")
