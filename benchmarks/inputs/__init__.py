"""Sound inputs of every kind, made from one recording and animated: what is read whole, what is refused, and how.

python -m benchmarks.inputs --write   (in a checkout; ffmpeg and PyAV add the kinds that need them)
"""
