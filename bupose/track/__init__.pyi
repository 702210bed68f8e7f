from .boxes import body_boxes as body_boxes
from .offline import finish as finish
from .options import SteadyOptions as SteadyOptions
from .options import TrackOptions as TrackOptions
from .tracker import Tracker as Tracker
