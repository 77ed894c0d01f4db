"""The live scenario: one stream, audio pushed as it is spoken, frames pulled when they are shown."""

from __future__ import annotations

import threading
import time

import numpy as np

from diffusiontalker.api.model import Model
from diffusiontalker.api.stream import Profile
from diffusiontalker.bench.numbers import per_frame, percentiles, phases_s
from diffusiontalker.bench.pacing import LEAD_S, Microphone, Playback, play
from diffusiontalker.native import native
from diffusiontalker.spec.rates import SAMPLE_RATE_HZ

INTERRUPTS, SPEECH_S = 5, 28  # rounds of run_interrupts, and the speech that waits in each
BUFFERED_MS = 500  # the C library's default, which is made for live use; Python's is for whole clips


def native_stream(model: Model, profile: str, seed: int = 0):
    """A stream as a C program gets it by default; pushing and pulling may be done by two threads."""
    return native().Stream(model._native, profile=profile, seed=seed, max_buffered_ms=BUFFERED_MS)


def warm_up(model: Model, profile: str, audio: np.ndarray) -> float:
    """One window, so that first-touch memory and thread pools are not in the numbers. Returns the seconds that making
    the stream took: the first one of a profile compiles the networks."""
    started = time.perf_counter()
    stream = model.stream(profile=profile)
    build_s = time.perf_counter() - started
    window = stream.profile.hop_samples + stream.profile.lookahead_samples
    stream.push(np.resize(audio, 2 * window), SAMPLE_RATE_HZ)
    stream.pull()
    return build_s


def windows(profile: Profile) -> dict[str, float]:
    """What the profile makes a frame wait for, in ms."""
    ms = 1000 / SAMPLE_RATE_HZ
    return {
        "hop_ms": profile.hop_samples * ms,
        "lookahead_ms": (profile.lookahead_samples - profile.front_end_samples) * ms,
        "front_end_ms": profile.front_end_samples * ms,
        "stated_latency_ms": profile.latency_ms,
    }


def playback_numbers(playbacks: list[Playback], until: float) -> dict:
    """Lateness, jitter and counts of frames, of all streams together."""
    lateness = [s for p in playbacks for s in p.lateness_s]
    return {
        "lateness_ms": percentiles(lateness, 1000),
        "jitter_ms": float(np.std(lateness) * 1000) if lateness else None,
        "n_frames_due": sum(p.n_due(until) for p in playbacks),
        "n_frames": sum(p.n_frames for p in playbacks),
        "n_late_frames": sum(p.n_late(until) for p in playbacks),
    }


def run_live(model: Model, profile: str, audio: np.ndarray, seconds: float) -> dict:
    """Plays `seconds` of the clip, repeated as needed, in real time. Returns the `live` object of docs/benchmarks.md.
    audio: float32 [n] at 16 kHz.
    """
    build_s = warm_up(model, profile, audio)
    sizes, period_s = model.profile(profile), model.fps_den / model.fps_num
    stream = native_stream(model, profile)
    began = time.perf_counter() + LEAD_S
    playback = Playback(stream, began, sizes.latency_ms / 1000, period_s, sizes.hop_frames)
    microphone = Microphone([stream], [0], audio, began, seconds)
    microphone.start()
    until = began + seconds
    try:
        play([playback], until)
    finally:
        microphone.finish()
    stats, hops = stream.stats(), playback.hop_s
    compute_s = sum(playback.pull_s) + sum(microphone.push_s)
    n_computed = stats["n_hops"] * sizes.hop_frames
    in_hops = percentiles(hops, 1000)
    return {
        "profile": profile,
        "seconds": seconds,
        **windows(sizes),
        "build_s": build_s,
        "first_frame_ms": None if playback.first_frame_s is None else playback.first_frame_s * 1000,
        "first_frame_compute_ms": hops[0] * 1000 if hops else None,
        "ms_per_frame": percentiles(hops, 1000 / sizes.hop_frames),
        "ms_per_hop": in_hops,
        "hop_share": None if in_hops is None else in_hops["p50"] / (sizes.hop_samples * 1000 / SAMPLE_RATE_HZ),
        "rtf": compute_s / seconds,
        "pull_ms": percentiles(playback.pull_s, 1000),
        "push_ms": percentiles(microphone.push_s, 1000),
        **playback_numbers([playback], until),
        "n_lost_chunks": microphone.n_lost,
        "microphone_late_ms": percentiles(microphone.late_s, 1000),
        **run_interrupts(model, profile, audio),
        "phases_ms_per_frame": per_frame(phases_s([stats]), n_computed),
        "stream_bytes": stream.info()["memory_bytes"],
    }


def run_interrupts(model: Model, profile: str, audio: np.ndarray) -> dict:
    """Barge-in while a thread pulls SPEECH_S seconds of speech that were pushed at once: how long interrupt() takes,
    and when the first frame of the easing is there. audio: float32 [n] at 16 kHz."""
    speech = np.resize(audio, SPEECH_S * SAMPLE_RATE_HZ)
    calls, firsts = [], []
    for _ in range(INTERRUPTS):
        stream = model.stream(profile=profile)
        stream.push(speech, SAMPLE_RATE_HZ)
        puller = threading.Thread(target=stream.pull)
        puller.start()
        while stream.stats()["n_hops"] < 2 and puller.is_alive():
            time.sleep(0.0005)
        began = time.perf_counter()
        stream.interrupt(200)
        calls.append(time.perf_counter() - began)
        stream.frame_at(stream.info()["next_frame"] * model.fps_den / model.fps_num)
        firsts.append(time.perf_counter() - began)
        puller.join()
    return {"interrupt_ms": percentiles(calls, 1000), "first_easing_ms": percentiles(firsts, 1000)}
