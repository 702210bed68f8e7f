"""Diagnosis of the installation: versions, function and speed, also for problem reports."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from bupose import __version__
from bupose.diagnose.runtime import look_at_runtime
from bupose.machine import count_cores, name_processor
from bupose.paths import cache_home
from bupose.requirements import Requirement, read_requirements
from bupose.wording import counted


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``problem`` is "" or a sentence with a remedy."""

    section: str
    name: str
    value: str
    problem: str = ""


def examine() -> Iterator[Finding]:
    """All findings, one after the other; a failing check is itself a finding."""
    for section, look in SECTIONS.items():
        try:
            for finding in look():
                yield Finding(section, *finding)
        except Exception as problem:  # the diagnosis must survive any failure
            told = _one_line(problem)
            yield Finding(section, "failed", told, f"{told}; mend what stands above, or report this if nothing does")


def describe(finding: Finding, before: Sequence[Finding] = ()) -> str:
    """A finding as a line, below the title of its section if it is the first."""
    title = f"\n{finding.section}\n" if not before or before[-1].section != finding.section else ""
    return f"{title if before else title.lstrip()}{'!' if finding.problem else ' '} {finding.name:<14} {finding.value}"


def conclude(findings: Sequence[Finding]) -> str:
    """The summary of problems, or that there are none."""
    problems = [finding for finding in findings if finding.problem]
    return (
        "\n".join(["", *(f"wrong: {p.name}: {p.problem}" for p in problems)]) if problems else "\nok: everything works"
    )


def as_json(findings: Sequence[Finding]) -> str:
    """The findings as JSON: ``ok``, ``problems``, and each section's names and values."""
    sections: dict[str, dict[str, str]] = {}
    for finding in findings:
        sections.setdefault(finding.section, {})[finding.name] = finding.value
    problems = {f"{f.section}: {f.name}": f.problem for f in findings if f.problem}
    return json.dumps({"ok": not problems, "problems": problems, **sections}, indent=1, ensure_ascii=False)


def look_at_versions() -> Iterator[tuple[str, ...]]:
    """Python, bupose and its requirements; each package is imported."""
    yield "python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    needed = [r for r in read_requirements() if not r.extra]
    yield "bupose", __version__ if needed else f"{__version__}, not installed by pip: what it needs is not known"
    for requirement in needed:
        yield requirement.name, requirement.version or "missing", _fault(requirement)


def _fault(requirement: Requirement) -> str:
    if not requirement.version:
        return f"{requirement.name} is not installed; {requirement.remedy}"
    if not requirement.fits:
        return f"{requirement.version} does not do, {requirement.versions} is needed; {requirement.remedy}"
    try:
        import_module(requirement.module)
    except Exception as problem:
        return f"it cannot be loaded ({_one_line(problem)}); install it anew, or what it asks for"
    return ""


def _one_line(problem: Exception) -> str:
    return re.sub(r"\s+", " ", f"{type(problem).__name__}: {problem}").strip()


def look_at_extras() -> Iterator[tuple[str, ...]]:
    """Packages of extras."""
    extras: dict[str, list[Requirement]] = {}
    for requirement in read_requirements():
        if requirement.extra:
            extras.setdefault(requirement.extra, []).append(requirement)
    for extra, parts in extras.items():
        unfit = [f"{r.name} {r.version} does not do, {r.versions} is needed; {r.remedy}" for r in parts if not r.fits]
        yield extra, ", ".join(f"{r.name} {r.version or 'missing'}" for r in parts), "; ".join(unfit)


def look_at_machine() -> Iterator[tuple[str, ...]]:
    """Processor, cores, threads and GPUs."""
    import torch

    cores, threads = count_cores(), torch.get_num_threads()
    yield "processor", name_processor()
    yield "cores", f"{cores} usable of {os.cpu_count()}"
    found = re.search(r"omp_get_max_threads\(\)\s*:\s*(\d+)", torch.__config__.parallel_info())
    openmp = f"{found[1] if found else 'none'}, OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}"
    many = f"torch uses {counted(threads, 'thread')} on {counted(cores, 'core')}, slow; set OMP_NUM_THREADS={cores}"
    yield "threads", f"torch {threads}, OpenMP {openmp}", many if threads > cores else ""
    for n in range(torch.cuda.device_count()):
        free, total = (size / 2**30 for size in torch.cuda.mem_get_info(n))
        yield f"cuda:{n}", f"{torch.cuda.get_device_name(n)}, {free:.1f} of {total:.1f} GiB free"
    if torch.backends.mps.is_available():
        yield "mps", f"{torch.mps.recommended_max_memory() / 2**30:.1f} GiB for torch"
    elif not torch.cuda.device_count():
        blind = torch.version.cuda is None and torch.version.hip is None and shutil.which("nvidia-smi")
        yield "GPU", "none" + (": a driver of NVIDIA's is here, but this torch was built without CUDA" if blind else "")


def look_at_kernels() -> Iterator[tuple[str, ...]]:
    """Kernels: compiled or not, and their cache."""
    import numba

    from bupose import kernels
    from bupose.kernels import cache

    yield "kind", kernels.name()
    if kernels.name() != "compiled":
        return
    home, chosen = cache_home(), getattr(numba.config, "CACHE_DIR", "")
    folder = chosen or cache.cache_folder()
    advice = "set BUPOSE_CACHE to a folder that you can write to"
    if not folder or not os.access(folder, os.W_OK):
        yield (
            "cache",
            _tilde(folder) or "none",
            f"compiled kernels cannot be kept in {_tilde(folder or home)}; {advice}",
        )
        return
    place = cache.place(folder)
    state = "warm" if cache.holds(place, "decode") else "cold: the first use compiles"
    state = "damaged: the next use compiles anew" if cache.damaged(place) else state
    state = "some process is compiling" if cache.in_use() else state
    lost = not chosen and not Path(folder).is_relative_to(home)
    wrong = f"compiled kernels cannot be kept in {_tilde(home)}, only in the temporary folder; {advice}"
    yield "cache", f"{_tilde(folder)} ({state})", wrong if lost else ""


def _tilde(path: str | Path) -> str:
    """A path with the home folder abbreviated."""
    with suppress(ValueError, RuntimeError):
        return str(Path("~") / Path(path).relative_to(Path.home())) if path else ""
    return str(path)


def look_at_network() -> Iterator[tuple[str, ...]]:
    """The default network."""
    from bupose import weights
    from bupose.errors import WeightsError

    path = weights.DEFAULT
    advice = f'pip install --force-reinstall --no-deps "bupose=={__version__}", or get its file again'
    if not path.is_file():
        yield "file", f"{path.name} is missing", f"the network that comes with bupose is not there; {advice}"
        return
    try:
        net = weights.load(path)
    except WeightsError as problem:
        told = str(problem).replace(f"{path.parent}{os.sep}", "")
        yield "file", f"{path.name} is damaged", f"{told}; {advice}"
        return
    numbers = sum(parameter.numel() for parameter in net.parameters()) / 1e6
    yield "file", f"{path.name}, {path.stat().st_size / 1e6:.1f} MB, {numbers:.1f} million parameters"
    yield "built of", f"{net.config.trunk} and {net.config.head}, stride {net.grid.stride}"
    joints, limbs = counted(len(net.skeleton.joints), "joint"), counted(len(net.skeleton.limbs), "limb")
    yield "skeleton", f"{net.skeleton.name}: {joints}, {limbs}"


def look_at_work() -> Iterator[tuple[str, ...]]:
    """The self-test."""
    from bupose import kernels
    from bupose.diagnose import selftest

    yield from selftest.group_drawn_people()
    if kernels.trouble:
        advice = "make room, or set BUPOSE_CACHE to a folder that can be written to"
        wrong = f"compiled kernels could not be kept, so that every start compiles for seconds: {kernels.trouble}"
        yield "kernels", "compiled, and not kept", f"{wrong}; {advice}"
    yield from selftest.run_network()


SECTIONS = {
    "versions": look_at_versions,
    "extras": look_at_extras,
    "machine": look_at_machine,
    "kernels": look_at_kernels,
    "network": look_at_network,
    "runtime": look_at_runtime,
    "self-test": look_at_work,
}
