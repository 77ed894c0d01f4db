"""From trained networks to what runs: ONNX graphs and bundles now, TensorRT engines later."""
