"""Saved fields: many pictures' heatmaps and part affinity fields in one ``.npz`` file.

Layout (an ordinary zip of ``.npy`` arrays, which ``numpy.load`` opens too):

- ``{name}/heat``: (K, h, w), and ``{name}/paf``: (L, 2, h, w) or (2L, h, w), for each picture. Floats of any size hold
  the values themselves; uint8 heat holds ``255 * value``, int8 paf ``100 * value``.
- ``meta``: a uint8 array, the bytes of a JSON object: name -> object with ``skeleton`` (a built-in name, or a whole
  declaration) and ``stride`` (network pixels per cell), and optionally ``file_name``, ``image_width``,
  ``image_height``, ``matrix`` (2x3, image pixels -> network pixels) or ``scale`` (network pixels per image pixel), and
  anything else.

If ``meta`` names a skeleton, channels are in that skeleton's order. Otherwise the reader's arguments apply: by default
OpenPose's COCO-18 channels at stride 8. The same holds for a plain file with only ``heat`` and ``paf``: one picture,
named after the file; other arrays are ignored.

Fields are written as float32, so that a saved file gives bit-identical people. Half precision would save little after
compression. ``scaled=True`` needs about a seventh of the space for a real network's fields, with errors up to 1/510 in
heat and 1/200 in vectors.
"""

from bupose.fields_file.reading import FieldsFile, read_fields
from bupose.fields_file.writing import write_fields

__all__ = ["FieldsFile", "read_fields", "write_fields"]
