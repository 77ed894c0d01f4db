"""Control of streams, styles, packed bundles and crowds through the Python package."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from bundles import KINDS, write_bundle

import diffusiontalker as dt
from diffusiontalker import errors
from diffusiontalker.cli.main import main
from diffusiontalker.spec import bundles

RATE = 16000


def frames_of(stream) -> np.ndarray:
    return np.array([f.weights for f in stream.pull()])


def test_packed_bundle_loads_from_path_and_bytes(tiny_bundle, tmp_path, model, audio):
    packed = tmp_path / "tiny.dtb"
    assert main(["pack", str(tiny_bundle), "-o", str(packed)]) == 0
    assert main(["pack", str(tiny_bundle), "-o", str(packed)]) == errors.OutputError.exit_code  # exists
    expected = model.animate(audio, RATE).weights
    for source in (packed, packed.read_bytes()):
        loaded = dt.load(source, backend="reference")
        assert np.array_equal(loaded.animate(audio, RATE).weights, expected)
    assert main(["info", str(packed)]) == 0


def test_packed_rig_is_read(tmp_path, audio):
    folder = write_bundle(tmp_path / "rigged", kind=KINDS["coefficients"])
    bundles.pack(folder, tmp_path / "rigged.dtb")
    by_folder, by_file = (dt.load(p, backend="reference") for p in (folder, tmp_path / "rigged.dtb"))
    by_bytes = dt.load((tmp_path / "rigged.dtb").read_bytes(), backend="reference")
    for model in (by_file, by_bytes):
        assert np.array_equal(model.rig.template, by_folder.rig.template)


@pytest.mark.parametrize("n", [0, 10, 1000])
def test_broken_packed_bundle_is_a_sentence(tiny_bundle, tmp_path, n):
    bundles.pack(tiny_bundle, tmp_path / "whole.dtb")
    (tmp_path / "cut.dtb").write_bytes((tmp_path / "whole.dtb").read_bytes()[:n])
    with pytest.raises(errors.BundleError, match="not a packed bundle"):
        dt.load(tmp_path / "cut.dtb")


def test_compressed_archive_is_refused(tiny_bundle, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in tiny_bundle.iterdir():
            archive.write(file, file.name)
    with pytest.raises(errors.BundleError, match="compressed"):
        dt.load(tmp_path / "a.zip")


def test_styles_blend_linearly(model):
    ada, ben = model.style("ada"), model.style("ben")
    assert np.allclose(model.blend_styles({"ada": 1, "ben": 3}), 0.25 * ada + 0.75 * ben, atol=1e-6)
    assert np.array_equal(model.blend_styles([(ben, 2.0)]), ben)
    for bad in ({"ada": -1}, {"ada": 0}, {"nobody": 1}, []):
        with pytest.raises(errors.InputError):
            model.blend_styles(bad)


def test_style_change_reaches_the_other_identity(model, audio):
    stream, other = model.stream(identity="ada"), model.stream(identity="ben")
    stream.set_style(model.style("ben"), 0)
    for s in (stream, other):
        s.push(audio, RATE)
        s.flush()
    assert np.array_equal(frames_of(stream), frames_of(other))
    with pytest.raises(errors.InputError, match="shape"):
        stream.set_style(np.zeros(3))


def without_style_encoder(manifest):
    manifest["networks"].pop("style_encoder", None)


def test_enrolment_without_encoder_says_so(tmp_path, audio):
    model = dt.load(write_bundle(tmp_path / "plain", change=without_style_encoder), backend="reference")
    assert model.enroll_range_ms is None
    with pytest.raises(errors.UnsupportedError, match="no style encoder"):
        model.enroll(audio, RATE)


def test_enrolment_gives_a_style_that_a_stream_takes(model, audio):
    low, _high = model.enroll_range_ms
    speech = np.tile(audio, 1 + low * RATE // 1000 // len(audio))[: int((low + 500) * RATE / 1000)]
    style = model.enroll(speech, RATE)
    assert style.shape == (model.d_identity,) and np.isfinite(style).all()
    assert np.array_equal(model.enroll(np.stack([speech, speech], axis=1), RATE), style)
    assert not np.array_equal(model.enroll(0.1 * speech[::-1], RATE), style)
    stream = model.stream(style=style)
    stream.push(audio, RATE)
    assert len(stream.pull()) > 0
    for bad in (speech[:100], np.full(len(speech), np.nan)):
        with pytest.raises(errors.InputError):
            model.enroll(bad, RATE)


def test_interrupt_eases_from_the_pose_shown(model, audio):
    stream = model.stream()
    stream.push(audio, RATE)
    _, shown = stream.pull_block(10)
    assert stream.interrupt(100) == 13
    frames = stream.pull()
    assert [f.index for f in frames] == [10, 11, 12]
    rest = frames[-1].weights
    assert np.allclose(frames[0].weights, rest + (shown[-1] - rest) * (1 - 7 / 27), atol=1e-6)
    assert np.array_equal(rest, np.where(np.arange(52) % 7 == 3, 0.1, 0.0).astype(np.float32))


def test_profiles_state_their_latency(model):
    for profile in model.profiles.values():
        wait = profile.hop_samples + profile.lookahead_samples
        assert profile.latency_ms == pytest.approx(1000 * wait / model.sample_rate_hz)
        assert profile.stream_bytes > 0
    live = model.profiles["live"]
    assert live.front_end_samples == 40 and live.lookahead_samples == 3200 + 40
    # 6 frames of hop and 6 ahead are 400 ms, and 2.5 ms of the log-mel window
    assert live.latency_ms == pytest.approx(402.5)
    assert live.min_latency_ms == pytest.approx(402.5 - 5 * 1000 / 30)  # the last of 6 frames waits for 5 less


def test_scheduler_gives_the_frames_of_lone_streams(model, audio):
    streams = [model.stream(seed=i, profile="live") for i in range(5)]
    expected = []
    for stream in streams:
        stream.push(audio, RATE)
        stream.flush()
        expected.append(frames_of(stream))
        stream.reset()
    scheduler = model.scheduler()
    for stream in streams:
        scheduler.add(stream)
    with pytest.raises(errors.BusyError):
        scheduler.add(streams[0])
    parts: list[list[np.ndarray]] = [[] for _ in streams]
    for start in range(0, len(audio), 1600):
        for stream in streams:
            stream.push(audio[start : start + 1600], RATE)
        scheduler.step()
        for stream, part in zip(streams, parts, strict=True):
            part += [f.weights for f in stream.pull()]
    for stream in streams:
        stream.flush()
    while scheduler.step()["n_windows"]:
        for stream, part in zip(streams, parts, strict=True):
            part += [f.weights for f in stream.pull()]
    for part, frames in zip(parts, expected, strict=True):
        assert len(part) == len(frames)
        # 1e-4 is the stated limit between batch sizes; the reference backend gives the same bits.
        assert np.array_equal(np.array(part), frames)
    assert scheduler.stats()["n_streams"] == 5
    scheduler.remove(streams[0])
    assert not streams[0].info()["in_scheduler"]


def test_live_stream_is_small(model):
    """The stated limit of a stream's own memory, with the C library's default options."""
    assert model.profiles["live"].stream_bytes < 256 * 1024
