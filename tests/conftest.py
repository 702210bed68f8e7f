"""Shared fixtures: the folder of real photos and networks, where a machine has it."""

import gc
import os
import signal
import sys
import tomllib
from collections import Counter
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import settings

# Started in the background, or under nohup, a process ignores these, and so would every process that a test starts.
for _ignored, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
    if signal.getsignal(_ignored) is signal.SIG_IGN:
        signal.signal(_ignored, _usual)

gc.disable()  # what is imported stays: looking through all of it, again and again, takes seconds

os.environ.setdefault("BUPOSE_KERNELS", "compiled")  # and not their twins until another process has compiled them

SHARED = Path(__file__).resolve().parents[2] / "shared"
HOSTILE, HOSTILE_INPUTS = Path(__file__).with_name("hostile"), 400  # its folder; how many inputs there are at least
EXPECTED_SKIPS = Path(__file__).with_name("expected_skips.toml")

with suppress(ImportError):  # what needs no torch is tested without, too: .ci/try_python
    import torch

# No deadline: the first call of a kernel compiles it. Under CI always the same examples: a red run can be run again.
settings.register_profile("here", deadline=None, max_examples=40)
settings.register_profile("short", settings.get_profile("here"), max_examples=5)
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# OpenVINO's own oneDNN obeys this variable, the rest of OpenVINO asks the processor, and both together fail where
# they differ by much ("bad combination"). It is meant for torch, which reads it with its first tensor of oneDNN's.
if "ONEDNN_MAX_CPU_ISA" in os.environ and torch.backends.mkldnn.is_available():
    torch.zeros(8).to_mkldnn()
    del os.environ["ONEDNN_MAX_CPU_ISA"]


@pytest.fixture(autouse=True, scope="module")
def threads():
    """One: small tensors gain nothing from more, test processes run side by side, and equal bits need equal threads."""
    if "torch" in sys.modules:
        torch.set_num_threads(int(os.environ.get("BUPOSE_TEST_THREADS", "1")))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development data beside the checkout; tests that need it are skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the development data in ../shared, which is not part of the project")
    return SHARED


def pytest_collection_finish():
    """From here on only what tests make is looked through."""
    gc.freeze()
    gc.enable()


def count_hostile(session) -> tuple[Counter, bool]:
    """How many hostile inputs of each kind were judged well, and whether all of ``tests/hostile`` was run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker of xdist, whose reports go to the session that started it
        return Counter(), False
    counts, files = Counter(), set()
    for report in reporter.getreports("passed"):
        files.add(Path(report.fspath).name)
        for name, value in report.user_properties:
            if name == "hostile":
                counts[value[0]] += value[1]
    chosen = reporter.stats.keys() & {"failed", "error", "deselected"}
    return counts, not chosen and {path.name for path in HOSTILE.glob("test_*.py")} <= files


def unlisted_skips(session) -> dict[str, str]:
    """Tests, and files, that were skipped for a reason that ``expected_skips.toml`` does not list, with the reason."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return {}
    listed = tomllib.loads(EXPECTED_SKIPS.read_text(encoding="utf-8"))["skip"]
    skips = {
        report.nodeid: str(report.longrepr[2]).removeprefix("Skipped: ") for report in reporter.getreports("skipped")
    }
    return {
        test: reason
        for test, reason in skips.items()
        if not any(fnmatchcase(test, one["test"]) and fnmatchcase(reason, one["reason"]) for one in listed)
    }


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """A corpus of hostile inputs that has shrunk is a failure, and so is a new skip in continuous integration."""
    counts, whole = count_hostile(session)
    shrunk = whole and counts.total() < HOSTILE_INPUTS
    if shrunk or (os.environ.get("CI") and unlisted_skips(session)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    """Tell how many hostile inputs of each kind there were, and what was skipped that should not be."""
    counts, whole = count_hostile(terminalreporter._session)
    if counts:
        least = f", of at least {HOSTILE_INPUTS}" if whole else ""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        terminalreporter.write_line(f"hostile: {counts.total()} inputs{least}: {kinds}")
    for test, reason in sorted(unlisted_skips(terminalreporter._session).items()):
        terminalreporter.write_line(f"skipped, but not listed in tests/{EXPECTED_SKIPS.name}: {test} ({reason})")
