"""Networks in files that run without torch: ONNX and OpenVINO; and what such files need to know of activations."""

from bupose.export.calibration import calibration_photos, calibration_pictures
from bupose.export.compare import Difference
from bupose.export.observe import calibrate
from bupose.export.write import FORMATS, Export, export_network

__all__ = [
    "FORMATS", "Difference", "Export", "calibrate", "calibration_photos", "calibration_pictures", "export_network",
]  # fmt: skip
