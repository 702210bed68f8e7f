"""``import bupose`` is light, and every name it promises is there."""

import ast
import os
import re
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


def test_the_command_loads_nothing_that_a_photo_does_not_need():
    """What follows people through videos, draws plots and evaluates comes when it is needed: half of the time."""
    loaded = imported_by("import bupose.cli.infer, bupose.cli.hydra_app")
    assert not loaded & {"torch", "scipy", "matplotlib", "pycocotools", "pandas", "lightning"}
    assert "cv2" in loaded


def test_the_package_alone_needs_not_even_numpy():
    loaded = imported_by("import bupose")
    assert "numpy" not in loaded
    assert "bupose" in loaded


WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")  # each chooses how OpenMP's threads wait


def run_with(chosen: dict[str, str], statement: str) -> subprocess.CompletedProcess:
    """The statement in a fresh interpreter, in an environment that chooses nothing else about waiting."""
    environment = {name: value for name, value in os.environ.items() if name not in WAITING} | chosen
    command = [sys.executable, "-c", statement]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


@pytest.mark.parametrize("chosen", [{}, {"OMP_WAIT_POLICY": "ACTIVE"}, {"GOMP_SPINCOUNT": "9"}, {"KMP_BLOCKTIME": "9"}])
def test_threads_sleep_while_they_wait_unless_the_user_says_otherwise(chosen):
    shown = run_with(chosen, f"import bupose, os; print({{n: os.environ[n] for n in {WAITING} if n in os.environ}})")
    assert ast.literal_eval(shown.stdout) == (chosen or {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"})


def test_openmp_knows_it_when_it_starts():
    """As GNU's OpenMP tells itself, which reads the environment once, while torch is loaded."""
    told = run_with({"OMP_DISPLAY_ENV": "VERBOSE"}, "from bupose.nn import PoseNet").stderr
    spins = re.findall(r"GOMP_SPINCOUNT\s*=\s*'(\d+)'", told)
    if not spins:
        pytest.skip("this torch comes without GNU's OpenMP, which alone tells how long threads spin")
    assert set(spins) == {"1000"}


def test_no_engine_reports_to_its_makers():
    assert run_with({}, "import bupose, os; print(os.environ['ORT_DISABLE_TELEMETRY'])").stdout == "1\n"
    pytest.importorskip("openvino")
    code = "import bupose; from openvino.tools.ovc import telemetry_utils; print(telemetry_utils.tm.__name__)"
    assert run_with({}, code).stdout == "openvino.tools.ovc.telemetry_stub\n"


@pytest.mark.parametrize("name", bupose.__all__)
def test_every_promised_name_is_there(name):
    assert getattr(bupose, name) is not None


def test_an_unknown_name_is_named():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = bupose.nonsense
    assert not hasattr(bupose, "nonsense")
