"""The console command ``bupose``: each module here is one of its commands, ``run(arguments)`` does it.

Importing this package is light: a command's module is imported when it is called.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

from bupose import __version__, process
from bupose.errors import DependencyError, InputError, OptionsError
from bupose.process import INTERRUPTED, USAGE  # noqa: F401 (how a command ends)

COMMANDS = {
    "demo": "try the default network: bupose demo [photo.jpg]",
    "infer": "find people in pictures, folders, videos: bupose infer photo.jpg",
    "openpose": "take OpenPose's flags: bupose openpose --image_dir photos/ --write_json out/",
    "explore": "inspect fields, limbs and people, and adjust the grouping: bupose explore [photo.jpg]",
    "group": "group saved fields into people: bupose group fields.npz",
    "convert": "write poses in another program's format: bupose convert out to=dlc",
    "train": "train a network: bupose train experiment=tiny_synthetic",
    "recipe": "train by a recipe of several steps: bupose recipe default annotations=… images=…",
    "summarize": "compare training runs: bupose summarize runs/",
    "evaluate": "evaluate against annotations: bupose evaluate annotations=val.json images=photos/",
    "export": "export a network to ONNX or OpenVINO: bupose export output=model.onnx",
    "calibrate": "prepare a network for 8 bits: bupose calibrate weights=FILE photos=photos/",
    "import-weights": "import a published network: bupose import-weights input=FILE output=FILE.safetensors",
    "download": "download a public data set: bupose download set=coco",
    "check-data": "check annotations: bupose check-data data.annotations=FILE data.images=FOLDER",
    "benchmark": "measure speed and accuracy: bupose benchmark part=grouping",
    "doctor": "report what is installed, whether it works, and how fast: bupose doctor",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command and its arguments; by default those of the process.

    Returns
    -------
    int
        The exit status: 2 after a user error, reported in one sentence on stderr, 130 after Ctrl-C and 143 after
        SIGTERM. With ``BUPOSE_DEBUG=1`` errors are raised instead.
    """
    return process.run(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int | None:
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if name in ("-V", "--version"):
        print(f"bupose {__version__}")
        return 0
    _check_surroundings(rest)
    return _find(name).run(rest)


def _check_surroundings(arguments: list[str]) -> None:
    """Refuse surroundings in which libraries fail on import, and set what they read there."""
    try:
        os.getcwd()
    except OSError:
        raise InputError("the working folder has been removed; change into another") from None
    if sys.flags.optimize > 1 and {"-h", "--help"} & set(arguments):
        raise OptionsError("python -OO (PYTHONOPTIMIZE=2) removes all help; run it without")
    os.environ["MPLBACKEND"] = "agg"  # commands only write pictures, whatever the configured backend
    # NumPy's threads are of no use here, and OpenBLAS raises SIGINT or crashes where the system allows no further ones.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            f"bupose {__version__}: who is where in a picture, joint by joint",
            "",
            *lines,
            "",
            "bupose COMMAND --help explains a command's options, which are written key=value.",
        ]
    )


def _find(name: str):
    """The module of a command."""
    command = name.replace("_", "-")
    if command not in COMMANDS:
        raise OptionsError(f"there is no command {name!r}; {_guess(name)}")
    try:
        return import_module(f"bupose.cli.{command.replace('-', '_')}")
    except ImportError as problem:
        package = (problem.name or "bupose").partition(".")[0]
        if package == "bupose":
            raise
        from bupose.requirements import of_module

        told = "is not installed" if isinstance(problem, ModuleNotFoundError) else f"cannot be loaded ({problem})"
        raise DependencyError(f"bupose {command} needs {package}, which {told}; {of_module(package).remedy}") from None


def _guess(name: str) -> str:
    if os.path.exists(name):
        return f"to find the people in that file, write bupose infer {name}"
    near = get_close_matches(name.replace("_", "-"), COMMANDS, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(COMMANDS)}"
