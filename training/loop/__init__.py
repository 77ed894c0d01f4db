"""What any training loop needs: checkpoints, averaging of weights, learning-rate schedule."""
