"""Networks in files that run without torch: ONNX and OpenVINO."""

from bupose.export.calibration import calibration_pictures
from bupose.export.compare import Difference
from bupose.export.write import FORMATS, Export, export_network

__all__ = ["FORMATS", "Difference", "Export", "calibration_pictures", "export_network"]
