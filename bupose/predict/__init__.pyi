from .mapper import (
    PoseMapper as PoseMapper,
)
from .output import (
    write_coco as write_coco,
)
from .output import (
    write_csv as write_csv,
)
from .output import (
    write_image as write_image,
)
from .output import (
    write_openpose as write_openpose,
)
