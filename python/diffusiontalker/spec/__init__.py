"""What training, export and runtime must agree on: NumPy and the standard library only."""
