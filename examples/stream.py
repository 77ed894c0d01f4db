"""A stream fed the way a microphone or a TTS voice does it: 20 ms at a time, frames as soon as they are ready."""

import soundfile

import diffusiontalker as dt

stream = dt.load("base").stream(seed=0)
print(f"a frame leaves at most {stream.profile.latency_ms:.0f} ms after its sound, plus compute")
for samples in soundfile.blocks("examples/speech.wav", blocksize=320, dtype="float32"):
    stream.push(samples, 16000)
    for frame in stream.pull():
        print(f"{frame.time_s:7.3f} s  jawOpen {frame.weights[17]:.3f}")
stream.flush()
print(len(stream.pull()), "frames after the end of the sound")
