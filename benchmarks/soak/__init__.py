"""`python -m benchmarks.soak`: hours of audio through streams that are treated badly."""
