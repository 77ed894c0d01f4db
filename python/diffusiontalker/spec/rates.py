"""The two rates that the whole project counts in."""

SAMPLE_RATE_HZ = 16000  # of the audio that networks get
FPS = 30  # animation frames a second of ARKit faces; a bundle of another rate says so in bundle.json
