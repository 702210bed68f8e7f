from .config import NetworkConfig as NetworkConfig
from .head import HEADS as HEADS
from .head import build_head as build_head
from .model import PoseNet as PoseNet
from .trunk import TRUNKS as TRUNKS
from .trunk import build_trunk as build_trunk
