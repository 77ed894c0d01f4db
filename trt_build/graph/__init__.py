"""Passes over a bundle's ONNX graphs that make them fit for TensorRT: explicit types, older opset, fixed window."""
