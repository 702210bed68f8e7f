from . import data as data
from . import estimate as estimate
from . import fields_file as fields_file
from . import geometry as geometry
from . import images as images
from . import kernels as kernels
from . import media as media
from . import methods as methods
from . import nn as nn
from . import predict as predict
from . import skeletons as skeletons
from . import synthetic as synthetic
from . import viz as viz
from . import weights as weights
from .errors import BuposeError as BuposeError
from .estimate.estimator import Estimator as Estimator
from .estimate.estimator import load as load
from .maps import Grid as Grid
from .messages import show_messages as show_messages
from .methods.paf import DecodeOptions as DecodeOptions
from .methods.paf import FieldCodec as FieldCodec
from .methods.paf import Fields as Fields
from .methods.paf import TargetOptions as TargetOptions
from .people import Labels as Labels
from .people import People as People
from .skeleton import Skeleton as Skeleton

__version__: str
