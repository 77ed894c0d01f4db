"""Features at animation frames, their file beside the clips, and the command that fills it."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
import soundfile as sf  # noqa: E402

from training.encoders import extract as extract_module  # noqa: E402
from training.encoders import worker  # noqa: E402
from training.encoders.__main__ import main  # noqa: E402
from training.encoders.cache import FeatureInfo, FeatureSet, FeatureWriter  # noqa: E402
from training.encoders.choice import EncoderChoice  # noqa: E402
from training.encoders.extract import extract  # noqa: E402
from training.encoders.resample import encode_clip, features_at  # noqa: E402
from training.prepared.clips import N_MELS, ClipSet, ClipSetInfo, ClipWriter  # noqa: E402
from training.prepared.motion_space import MotionSpace  # noqa: E402

pytestmark = pytest.mark.slow

INFO = FeatureInfo("toy", 2, 4, "ab" * 32)
LEAD, LENGTHS = 3, (3000, 4500, 16000)


def motion(fps_num: int = 30, fps_den: int = 1) -> MotionSpace:
    return MotionSpace("blendshapes", 2, (), fps_num, fps_den)


@pytest.mark.parametrize("fps", [(30, 1), (25, 1), (60, 1), (30000, 1001)])
def test_frame_k_sees_the_features_around_k_over_fps(fps):
    space, n = motion(*fps), 40
    times = np.arange(80) / 50.0
    features = features_at(np.stack([times, 3 - 2 * times], axis=1).astype(np.float32), n, space)
    expected = np.arange(n) / space.fps
    assert features.shape == (n, 2) and features.dtype == np.float32
    assert np.abs(features[:, 0] - expected).max() <= 1e-6
    assert np.abs(features[:, 1] - (3 - 2 * expected)).max() <= 1e-6


def test_frames_behind_the_last_feature_repeat_it_and_missing_features_are_refused():
    features = np.arange(5.0)[:, None]
    assert features_at(features, 3, motion())[:, 0].tolist() == pytest.approx([0, 5 / 3, 10 / 3])
    assert features_at(features, 4, motion())[-1, 0] == 4
    assert features_at(features[:1], 1, motion())[0, 0] == 0
    with pytest.raises(ValueError, match="5 features at 50 Hz do not last for 6 frames"):
        features_at(features, 6, motion())
    with pytest.raises(ValueError, match="0 features"):
        features_at(features[:0], 1, motion())


class Loudness:
    """Feature 0 is the sample at the feature's centre."""

    name, layer, dim, weights_sha256 = "loudness", 0, 1, "cd" * 32

    def __call__(self, audio):
        return audio[::320, None]

    def batch(self, clips):
        return [self(c) for c in clips]


def test_clip_is_encoded_over_exactly_its_frames():
    audio = np.arange(16000, dtype=np.float32) / 16000
    features = encode_clip(Loudness(), audio, 30, motion())
    assert features.dtype == np.float16
    assert np.abs(features[:30, 0] - np.arange(30) / 30).max() <= 1e-3
    longer = encode_clip(Loudness(), audio, 60, motion())
    assert np.array_equal(longer[:29], features[:29]) and not longer[31:].any()
    with pytest.raises(ValueError, match="beyond float16"):
        encode_clip(Loudness(), audio * 1e6, 30, motion())


def write_clips(folder, lengths=LENGTHS, fps=30):
    """Clips of noise with LEAD frames of silence before; returns the recordings."""
    rng, space = np.random.default_rng(0), motion(fps)
    per_mel, per_frames = space.group
    audio = {}
    with ClipWriter(folder, ClipSetInfo(space, ("a",))) as writer:
        for i, length in enumerate(lengths):
            speech = -(-length * fps // 16000)
            n = -(-(LEAD + speech) // per_frames) * per_frames
            mel, still = np.zeros((n // per_frames * per_mel, N_MELS)), np.zeros((n, 2))
            about = {"split": "train", "speaker": "s", "identity": 0, "emotion": 0, "speech_frame": LEAD}
            writer.add(mel, still, utterance=f"u{i}", speech_frames=speech, **about)
            audio[f"u{i}"] = rng.uniform(-0.5, 0.5, length).astype(np.float32)
    return audio


def test_features_come_back_clip_by_clip(tmp_path):
    write_clips(tmp_path)
    clips, rng = ClipSet(tmp_path), np.random.default_rng(0)
    written = [rng.standard_normal((c.n_frames, 4)).astype(np.float16) for c in clips.clips]
    with pytest.raises(FileNotFoundError, match="features.json"):
        FeatureSet(clips)
    with FeatureWriter(tmp_path, INFO) as writer:
        for values in written:
            writer.add(values)
    features = FeatureSet(clips)
    assert features.info == INFO and features.dim == 4
    for clip, values in zip(clips.clips, written, strict=True):
        assert np.array_equal(features.clip_features(clip), values)


def test_folders_must_agree_and_be_whole(tmp_path):
    for name, info in (("a", INFO), ("b", FeatureInfo("toy", 1, 4, INFO.weights_sha256))):
        write_clips(tmp_path / name)
        with FeatureWriter(tmp_path / name, info) as writer:
            writer.add(np.zeros((sum(c.n_frames for c in ClipSet(tmp_path / name).clips), 4)))
    FeatureSet(ClipSet(tmp_path / "b"))
    with pytest.raises(ValueError, match="toy layer 1 .* of toy layer 2"):
        FeatureSet(ClipSet(tmp_path / "a", tmp_path / "b"))
    write_clips(tmp_path / "a", LENGTHS[:2])
    with pytest.raises(ValueError, match="extract the features again"):
        FeatureSet(ClipSet(tmp_path / "a"))


def test_writer_refuses_what_does_not_fit(tmp_path):
    writer = FeatureWriter(tmp_path, INFO)
    for values in (np.zeros((3, 5)), np.zeros(4), np.full((3, 4), np.nan), np.full((3, 4), 1e6)):
        with np.errstate(over="ignore"), pytest.raises(ValueError, match="features have"):
            writer.add(values)
    assert writer.n_frames == 0


def test_resume_goes_on_behind_the_last_whole_row(tmp_path):
    with pytest.raises(KeyboardInterrupt), FeatureWriter(tmp_path, INFO, resume=True) as writer:
        writer.add(np.ones((5, 4)))
        raise KeyboardInterrupt
    assert not (tmp_path / "features.json").exists()
    with open(tmp_path / "features.bin", "ab") as file:
        file.write(b"xyz")  # of a row that was cut short
    with pytest.raises(ValueError, match="expected other layer 2"):
        FeatureWriter(tmp_path, FeatureInfo("other", 2, 4, INFO.weights_sha256), resume=True)
    with FeatureWriter(tmp_path, INFO, resume=True) as writer:
        assert writer.n_frames == 5
        writer.keep(4)
        writer.add(np.full((2, 4), 2.0))
    assert np.fromfile(tmp_path / "features.bin", np.float16).reshape(-1, 4)[:, 0].tolist() == [1, 1, 1, 1, 2, 2]
    assert json.loads((tmp_path / "features.json").read_text())["n_frames"] == 6
    with FeatureWriter(tmp_path, INFO) as writer:
        assert writer.n_frames == 0


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.manual_seed(0)
    config = transformers.HubertConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, conv_dim=(8,) * 7,
        num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("hubert")
    transformers.HubertModel(config).save_pretrained(folder)
    return folder


def record(folder, audio):
    folder.mkdir()
    for name, samples in audio.items():
        sf.write(folder / f"{name}.wav", samples, 16000, "FLOAT")
    return folder


@pytest.mark.slow
def test_extract_resumes_after_a_kill_with_the_same_result(tmp_path, model):
    recordings = record(tmp_path / "audio", write_clips(tmp_path / "clips"))
    choice = EncoderChoice(str(model), layer=1)
    assert extract(tmp_path / "clips", recordings, choice) == 3
    whole = (tmp_path / "clips" / "features.bin").read_bytes()
    clips = ClipSet(tmp_path / "clips")
    features = FeatureSet(clips)
    recording = sf.read(recordings / "u2.wav", dtype="float32")[0]
    samples = np.pad(recording, (LEAD * 16000 // 30, 0))
    expected = encode_clip(choice.load(), samples, clips.clips[2].n_frames, clips.info.motion)
    assert np.abs(features.clip_features(clips.clips[2]).astype(np.float32) - expected).max() <= 1e-3
    with open(tmp_path / "clips" / "features.bin", "r+b") as file:
        file.truncate((clips.clips[1].first_frame + 2) * 32)
    (tmp_path / "clips" / "features.json").rename(tmp_path / "clips" / "features.json.partial")
    assert extract(tmp_path / "clips", recordings, choice) == 2
    assert (tmp_path / "clips" / "features.bin").read_bytes() == whole
    assert not (tmp_path / "clips" / "features.json.partial").exists()


def test_worker_loads_the_chosen_encoder_and_keeps_to_one_thread(model):
    threads = torch.get_num_threads()
    try:
        worker.load_in_worker(EncoderChoice(str(model)))
        assert worker.worker_encoder().name == "hubert-2x16" and torch.get_num_threads() == 1
        worker.load_in_worker(None)
        assert worker.worker_encoder() is None
    finally:
        torch.set_num_threads(threads)


def test_extract_command_names_what_is_wrong(tmp_path, model, capsys):
    audio = write_clips(tmp_path / "clips")
    recordings = record(tmp_path / "audio", audio | {"u1": audio["u1"][:2000]})
    command = ["extract", "--clips", str(tmp_path / "clips"), "--encoder", str(model), "--audio"]
    assert main([*command, str(tmp_path)]) == 2
    assert "no u0.flac or .wav" in capsys.readouterr().err
    clip = ClipSet(tmp_path / "clips").clips[1]
    with pytest.raises(ValueError, match=r"lasts 3.8 frames, its clip 9"):
        extract_module.clip_signal(recordings / "u1.wav", clip, motion())
    sf.write(recordings / "u1.wav", audio["u1"], 8000)
    with pytest.raises(ValueError, match="8000 Hz"):
        extract_module.clip_signal(recordings / "u1.wav", clip, motion())
