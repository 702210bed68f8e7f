from .draw import Synthetic as Synthetic
from .draw import draw_creature as draw_creature
from .draw import draw_scene as draw_scene
from .options import SceneOptions as SceneOptions
from .options import SyntheticOptions as SyntheticOptions
from .video import DrawnFrame as DrawnFrame
from .video import DrawnVideo as DrawnVideo
from .video import DrawnVideoOptions as DrawnVideoOptions
