from .crops.options import CropsOptions as CropsOptions
from .estimator import Estimator as Estimator
from .estimator import load as load
from .pipeline import Pipeline as Pipeline
from .preprocess import View as View
from .stream import Estimate as Estimate
from .stream import Failure as Failure
