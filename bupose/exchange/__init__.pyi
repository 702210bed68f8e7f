from .convert import read_recordings as read_recordings
from .convert import write_recordings as write_recordings
from .formats import FORMATS as FORMATS
from .formats import Format as Format
from .formats.options import WriteOptions as WriteOptions
from .individuals import Individuals as Individuals
from .options import ConvertOptions as ConvertOptions
from .recording import Recording as Recording
