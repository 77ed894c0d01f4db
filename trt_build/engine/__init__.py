"""ONNX graphs of a bundle -> engine sets, with tensorrt or tensorrt-rtx."""
