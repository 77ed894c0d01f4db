"""The same student in PyTorch and ONNX Runtime, and single hops on a GPU, beside `diffusiontalker bench`."""
