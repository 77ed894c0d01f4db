"""Sound inputs of every kind as blocks of samples (docs/sound-input.md).

source opens whatever was named and gives a file that can be read again; layout finds the recordings in it and how long
each should be; libsndfile, libav and pcm decode; reading puts them together.
"""
