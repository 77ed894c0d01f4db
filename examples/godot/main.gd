# Plays a WAV file's samples into a face, one piece per frame of the game, and writes all weights as float32:
#   godot3-server --path . --bundle=/path/base --wav=/path/speech.wav --out=/path/weights.f32 [--profile=live]
# with --backend=cpu, openvino or reference if wanted.
# In a game the pieces come from AudioEffectCapture (Godot 3.5) or from the TTS voice, and `weights` go to the
# MeshInstance: mesh.set("blend_shapes/" + face.channel(i), weights[i]). Of a bundle that moves the head, head_pose() has
# yaw, pitch and roll beside them: Basis(Vector3.UP, yaw) * Basis(Vector3.RIGHT, pitch) * Basis(Vector3.BACK, roll) is the
# pose of the neck bone.
extends Node

const DiffusionTalker = preload("res://diffusiontalker.gdns")

var face
var samples := PoolRealArray()
var rate := 0
var channels := 0
var at := 0
var n_frames := 0
var file := File.new()


func _ready():
	var options := {"backend": "auto", "profile": ""}
	for argument in OS.get_cmdline_args():
		var parts = argument.lstrip("-").split("=", true, 1)
		if parts.size() == 2:
			options[parts[0]] = parts[1]
	for name in ["bundle", "wav", "out"]:
		if not options.has(name):
			return stop("--%s=.. is missing" % name)
	if not read_wav(options["wav"]):
		return stop("%s is not a 16-bit PCM WAV file" % options["wav"])
	face = DiffusionTalker.new()
	if face.open(options["bundle"], options["backend"], options["profile"]) != 0:
		return stop(face.error())
	if file.open(options["out"], File.WRITE) != OK:
		return stop("cannot write %s" % options["out"])


func _process(_delta):
	if face == null or not file.is_open():
		return
	# One frame at 60 Hz hears 1/60 s of sound. A real game uses what its audio callback collected.
	var n := int(min(rate / 60, (samples.size() - at) / channels))
	if n > 0:
		if face.push(samples, at, n, channels, rate) != 0:
			return stop(face.error())
		at += n * channels
		take(8)
	else:
		if face.flush() != 0:
			return stop(face.error())
		while take(30) > 0:
			pass
		print("%d frames of %d channels" % [n_frames, face.n_channels()])
		file.close()
		get_tree().quit(0)


func take(most: int) -> int:
	var weights: PoolRealArray = face.pull(most)
	for weight in weights:
		file.store_float(weight)
	var n := weights.size() / int(face.n_channels())
	if face.head_pose().size() != 3 * n:
		stop("frames without head poses")
	n_frames += n
	return n


func read_wav(path: String) -> bool:
	var wav := File.new()
	if wav.open(path, File.READ) != OK:
		return false
	wav.seek(12)
	while wav.get_position() + 8 <= wav.get_len():
		var id := wav.get_buffer(4).get_string_from_ascii()
		var size := wav.get_32()
		var next := wav.get_position() + size + size % 2
		if id == "fmt ":
			if wav.get_16() != 1:
				return false
			channels = wav.get_16()
			rate = wav.get_32()
			wav.seek(wav.get_position() + 6)
			if wav.get_16() != 16:
				return false
		elif id == "data" and channels > 0:
			# Programs that could not know the size put 0 there, or nearly 2^31 or 2^32.
			var left := wav.get_len() - wav.get_position()
			size = left if size == 0 else int(min(size, left))
			samples.resize(size / 2)
			for i in range(size / 2):
				var value := wav.get_16()
				samples[i] = (value - 65536 if value >= 32768 else value) / 32768.0
			return true
		wav.seek(next)
	return false


func stop(message: String):
	printerr("error: " + message)
	file.close()
	get_tree().quit(1)
