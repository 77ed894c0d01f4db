"""What an engine set says about itself, and where sets lie (docs/engine-format.md). Needs neither TensorRT nor onnx."""
