"""Size limit of pictures, and suffixes of pictures and videos in folders."""

MAX_PIXELS = 200_000_000  # the largest of phones; such a picture takes 0.6 GB
PICTURES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".png", ".bmp", ".dib", ".webp", ".avif", ".heic", ".heif", ".hif",
    ".gif", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm", ".pam", ".hdr", ".exr", ".ras", ".sr",
))  # fmt: skip
FOREIGN = frozenset((".jxl",))  # found, too, so that they are reported as unsupported
VIDEOS = frozenset((
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".ts", ".m2ts", ".mts", ".3gp",
    ".ogv", ".mjpeg", ".y4m",
))  # fmt: skip
