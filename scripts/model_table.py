"""Print a Markdown table of trunks and heads: parameters, GMAC at 368x368 and, with --time, ms for one photo."""

import argparse
import timeit
from typing import Any

import torch

from bupose import skeletons
from bupose.nn import HEADS, NetworkConfig, PoseNet
from bupose.nn.cost import count_macs, count_parameters
from bupose.nn.memory import lay_out

TRUNKS: dict[str, tuple[str, dict[str, Any]]] = {
    "vgg19": ("vgg19", {}),
    "mobilenet_v1 dilated": ("mobilenet_v1", {}),
    "mobilenet_v1 fpn": ("mobilenet_v1", {"neck": "fpn"}),
    "mobilenet_v2 dilated": ("mobilenet_v2", {"neck": "dilated", "last": False}),
    "mobilenet_v2 fpn": ("mobilenet_v2", {}),
    "movenet": ("movenet", {}),
    "resnet18 fpn": ("resnet", {}),
    "resnet50 fpn": ("resnet", {"depth": 50}),
    "resnet50 dilated": ("resnet", {"depth": 50, "neck": "dilated"}),
    "resnet50 deconv": ("resnet", {"depth": 50, "neck": "deconv", "out_stride": 4, "channels": 256}),
    "hrnet w32 finest": ("hrnet", {}),
    "hrnet w32 all": ("hrnet", {"fuse": "all"}),
}


def measure(config: NetworkConfig, repeats: int) -> str:
    """Parameters, GMAC and perhaps ms of one network: the best of the repeats, batch norms folded, one thread."""
    with torch.device("meta"):
        twin = PoseNet(config).eval()
    side = -(-368 // twin.multiple) * twin.multiple
    cell = f"{count_parameters(twin) / 1e6:.1f} M · {count_macs(twin, side, side) / 1e9:.1f}"
    if repeats:
        network = lay_out(PoseNet(config).fuse())
        photo = torch.randint(0, 256, (1, 3, side, side), dtype=torch.uint8)
        with torch.inference_mode():
            network(photo)
            cell += f" · {1000 * min(timeit.repeat(lambda: network(photo), number=1, repeat=repeats)):.0f} ms"
    return cell


arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--time", type=int, default=0, metavar="N", help="also time N runs of each network")
repeats, skeleton = arguments.parse_args().time, skeletons.get("coco18")
torch.set_num_threads(1)
print(f"| trunk | {' | '.join(HEADS)} |\n|---|{'---|' * len(HEADS)}")
for title, (trunk, options) in TRUNKS.items():
    cells = [measure(NetworkConfig(skeleton, trunk, head, options), repeats) for head in HEADS]
    print(f"| {title} | {' | '.join(cells)} |", flush=True)
