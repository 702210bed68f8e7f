from .annotator import OpenposeDetector as OpenposeDetector
from .annotator import PosePictureOptions as PosePictureOptions
from .annotator import as_controlnet as as_controlnet
from .openpose import run_openpose as run_openpose
from .options import OpenPoseOptions as OpenPoseOptions
from .predictor import Annotation as Annotation
from .predictor import Predictor as Predictor
