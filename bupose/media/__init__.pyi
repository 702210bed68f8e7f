from .sources import Frame as Frame
from .sources import find_pictures as find_pictures
from .sources import open_media as open_media
