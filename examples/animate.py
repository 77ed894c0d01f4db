import diffusiontalker as dt

model = dt.load("base")
anim = model.animate("examples/speech.wav", seed=0)
anim.save("speech.glb", "speech.csv", force=True)
print(anim.weights.shape, anim.channels[17], anim.weights[:, 17].max())
