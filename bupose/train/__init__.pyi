from .module import PoseModule as PoseModule
from .module import TrainingError as TrainingError
from .optim import OptimOptions as OptimOptions
from .options import TrainOptions as TrainOptions
from .people_teacher import PeopleTeacher as PeopleTeacher
from .run import train as train
from .teacher import Teacher as Teacher
from .teacher_options import TeacherOptions as TeacherOptions
