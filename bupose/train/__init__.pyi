from .module import PoseModule as PoseModule
from .module import TrainingError as TrainingError
from .optim import OptimOptions as OptimOptions
from .options import TrainOptions as TrainOptions
from .run import train as train
from .teacher import Teacher as Teacher
from .teacher import TeacherOptions as TeacherOptions
