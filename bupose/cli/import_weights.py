"""Import a published network: bupose import-weights input=FILE output=FILE.safetensors [kind=…]

input is an OpenVINO .xml (its .bin beside it), an OpenPose .caffemodel, or a .pth of lightweight OpenPose, Simple
Baselines, HRNet, HigherHRNet or Stacked Hourglass (princeton-vl's); the kind (openvino, caffe, lightweight,
simple_baselines, hrnet, higher_hrnet, hourglass) is detected from the file's content, whatever its name.
"""

from __future__ import annotations

from bupose.cli.pairs import HELP, split_pairs
from bupose.errors import OptionsError
from bupose.paths import expand
from bupose.weights import describe, import_weights, save


def run(arguments: list[str]) -> int:
    if HELP & set(arguments):
        print(__doc__)
        return 0
    pairs, others = split_pairs(arguments, ("input", "output", "kind"))
    if others or not pairs.get("input") or not pairs.get("output"):
        got = f"; got {', '.join(arguments)}" if arguments else ""
        raise OptionsError(f"give input=FILE output=FILE.safetensors, and kind=… if you like{got}")
    source, target = expand(pairs["input"]), expand(pairs["output"])
    if target.exists() and source.exists() and target.samefile(source):
        raise OptionsError(f"output is the input {str(source)!r}; choose another output")
    save(import_weights(source, pairs.get("kind") or None), target)
    print(describe(target))
    return 0
