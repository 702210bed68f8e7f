from .boxes import body_boxes as body_boxes
from .offline import finish as finish
from .one_euro import LiveSmoother as LiveSmoother
from .options import SteadyOptions as SteadyOptions
from .options import TrackOptions as TrackOptions
from .tracker import Tracker as Tracker
