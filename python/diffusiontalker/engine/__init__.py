"""TensorRT engines from the side of who opens a model."""
