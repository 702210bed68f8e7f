"""Take over a published network: import_weights.py input=FILE output=FILE.safetensors [kind=openvino|lightweight|caffe]

input is an OpenVINO .xml (its .bin beside it), a lightweight OpenPose .pth or an OpenPose .caffemodel; the kind is
recognised by the file's content. Any file name will do.
"""

import sys
from pathlib import Path

from bupose.errors import BuposeError, OptionsError
from bupose.weights import describe, import_weights, save

KEYS = ("input", "output", "kind")


def main(arguments: list[str]) -> None:
    options = dict(argument.split("=", 1) if "=" in argument else (argument, "") for argument in arguments)
    unknown = [key for key in options if key not in KEYS]
    if unknown or not options.get("input") or not options.get("output"):
        got = f"; got {', '.join(arguments)}" if arguments else ""
        raise OptionsError(f"give input=FILE output=FILE.safetensors, and kind=… if you like{got}")
    source, target = Path(options["input"]).expanduser(), Path(options["output"]).expanduser()
    if target.exists() and source.exists() and target.samefile(source):
        raise OptionsError(f"output is the input {str(source)!r}; choose another output")
    net = import_weights(source, options.get("kind") or None)
    save(net, target)
    print(describe(target))


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv[1:]):
        sys.exit(print(__doc__))
    try:
        main(sys.argv[1:])
    except BuposeError as problem:
        sys.exit(f"error: {problem}")
