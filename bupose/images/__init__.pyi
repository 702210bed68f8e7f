from .arrays import from_memory as from_memory
from .decode import shrink as shrink
from .header import Header as Header
from .kinds import FOREIGN as FOREIGN
from .kinds import MAX_PIXELS as MAX_PIXELS
from .kinds import PICTURES as PICTURES
from .kinds import VIDEOS as VIDEOS
from .picture import (
    Photo as Photo,
)
from .picture import (
    PictureFile as PictureFile,
)
from .picture import (
    open_picture as open_picture,
)
from .picture import (
    read as read,
)
from .picture import (
    read_image as read_image,
)
from .picture import (
    read_size as read_size,
)
from .sample import Sample as Sample
from .video import Clip as Clip
from .video import Video as Video
