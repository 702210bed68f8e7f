"""Saved fields: many pictures' heatmaps and part affinity fields in one ``.npz`` file.

Layout (an ordinary zip of ``.npy`` arrays, which ``numpy.load`` opens too):

- ``{name}/heat``: (K, h, w), and ``{name}/paf``: (L, 2, h, w) or (2L, h, w), for each picture. Floats of any size hold
  the values themselves; uint8 heat holds ``255 * value``, int8 paf ``100 * value``.
- ``meta``: a uint8 array, the bytes of a JSON object: name -> object with ``skeleton`` (a built-in name, or a whole
  declaration) and ``stride`` (network pixels a cell), and optionally ``file_name``, ``image_width``, ``image_height``,
  ``matrix`` (2x3, image pixels -> network pixels) or ``scale`` (network pixels an image pixel), and anything else.

A picture whose ``meta`` names a skeleton has that skeleton's channel order. Where it names none, or there is no
``meta``, the reader's arguments count: by default OpenPose's COCO-18 channels at stride 8. So does a plain file of just
``heat`` and ``paf``: one picture, named after the file; whatever else such a file holds is ignored.

Writing uses float32, so that grouping a saved file gives what grouping the fields themselves gave, to the bit.
Half precision would save little more after compression. ``scaled=True`` takes about a seventh of that room on a real
network's fields, and keeps heat to 1/510 and vectors to 1/200.
"""

from bupose.fields_file.reading import FieldsFile, read_fields
from bupose.fields_file.writing import write_fields

__all__ = ["FieldsFile", "read_fields", "write_fields"]
