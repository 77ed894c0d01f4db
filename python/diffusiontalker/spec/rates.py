"""The two rates that the whole project counts in, and the range of those that it takes."""

SAMPLE_RATE_HZ = 16000  # of the audio that networks get
FPS = 30  # animation frames a second of ARKit faces; a bundle of another rate says so in bundle.json

# Of sound that comes in, at the most: limits of dt_stream_push.
MIN_RATE_HZ, MAX_RATE_HZ, MAX_CHANNELS = 1000, 768_000, 64
