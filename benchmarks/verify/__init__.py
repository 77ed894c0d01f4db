"""PyTorch against ONNX against engines: per tensor, per final frame, and in what a viewer sees."""
