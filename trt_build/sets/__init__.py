"""What an engine set says about itself, and where sets lie (docs/tensorrt-engines.md); needs no TensorRT, no onnx."""
