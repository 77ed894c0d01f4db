"""What a session does to its stream: pushes, pulls, pauses, styles and interrupts, the same for the same seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from diffusiontalker.api.model import Model
from diffusiontalker.api.stream import Stream

RATES_HZ = (16000, 22050, 24000, 44100, 48000)
LONGEST_CHUNK_S = 2.0  # of a push; longer than the native buffer of a second, so that Stream.push() has to make room
PAUSED_CHUNK_S = 0.3  # pushed while a stream is paused; the buffer holds it
FIRST_FRAMES = 1800  # how many frames of a session's beginning and end are kept for the measure of drift


class Clip:
    """Speech that repeats for ever, at every rate of RATES_HZ."""

    def __init__(self, samples: np.ndarray, sample_rate_hz: int = 16000):
        """samples: float32 [n], cut to whole tenths of a second, so that a turn is whole samples at every rate."""
        tenth = sample_rate_hz // 10
        samples = samples[: len(samples) // tenth * tenth]
        self.seconds = len(samples) / sample_rate_hz
        self._turns = {rate: self._at(samples, sample_rate_hz, rate) for rate in RATES_HZ}

    @staticmethod
    def _at(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
        n = round(len(samples) * to_hz / from_hz)
        return np.interp(np.arange(n) * from_hz / to_hz, np.arange(len(samples)), samples).astype(np.float32)

    def piece(self, rate_hz: int, start: int, n: int) -> np.ndarray:
        """n samples from `start` on."""
        turn = self._turns[rate_hz]
        return np.take(turn, np.arange(start, start + n), mode="wrap")


@dataclass
class Session:
    """One session's frames, as far as they are kept, and what was wrong with them."""

    digest: str = ""  # SHA-256 of all frames and head poses
    audio_s: float = 0.0  # that was pushed
    n_frames: int = 0
    n_steps: int = 0
    operations: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    lowest: float = np.inf  # of all weights
    highest: float = -np.inf
    beginning: np.ndarray | None = None  # float32 [FIRST_FRAMES, n_channels]
    end: np.ndarray | None = None
    end_first: int = 0  # index of the first frame of `end`
    early_digest: str = ""  # of the frames taken in the first early_steps steps, where the session was that long
    early_steps: int = 0


class _Taker:
    """Takes frames from a stream: their hash, their order, their range."""

    def __init__(self, stream: Stream, session: Session):
        self.stream, self.session = stream, session
        self.expected = 0  # index of the next frame
        self.may_skip = False  # an interrupt drops frames that Stream.push() had pulled to make room
        self._hash = hashlib.sha256()
        self._beginning: list[np.ndarray] = []
        self._n_beginning = 0
        self._end: list[np.ndarray] = []

    def take(self, max_frames: int | None) -> int:
        first, weights, pose = self.stream.pull_block_with_pose(max_frames)
        n = len(weights)
        if not n:
            return 0
        s = self.session
        if first != self.expected and not (self.may_skip and first > self.expected):
            self._fault(f"frame {first} came where {self.expected} was due")
        self.may_skip = False
        if not np.isfinite(weights).all() or (pose is not None and not np.isfinite(pose).all()):
            self._fault(f"a value of frames {first} to {first + n - 1} is not finite")
        s.lowest, s.highest = min(s.lowest, float(weights.min())), max(s.highest, float(weights.max()))
        self._hash.update(np.int64(first).tobytes() + weights.tobytes())
        if pose is not None:
            self._hash.update(pose.tobytes())
        self.expected = first + n
        s.n_frames += n
        if self._n_beginning < FIRST_FRAMES:
            self._beginning.append(weights.copy())
            self._n_beginning += n
        self._end.append(weights.copy())
        while sum(len(w) for w in self._end[1:]) >= FIRST_FRAMES:
            self._end.pop(0)
        return n

    def take_all(self) -> None:
        while self.take(None):
            pass

    def digest(self) -> str:
        """Of the frames until now."""
        return self._hash.hexdigest()

    def finish(self) -> None:
        s = self.session
        s.digest = self.digest()
        if self._beginning:
            s.beginning, s.end = np.concatenate(self._beginning), np.concatenate(self._end)
            s.end_first = self.expected - len(s.end)

    def _fault(self, text: str) -> None:
        if len(self.session.faults) < 20:
            self.session.faults.append(text)


class _Player:
    """Does the operations of a session."""

    def __init__(self, model: Model, clip: Clip, random: np.random.Generator, taker: _Taker, rate_hz: int, at: int):
        self.model, self.clip, self.random, self.taker = model, clip, random, taker
        self.stream, self.session, self.rate_hz = taker.stream, taker.session, rate_hz
        self.at = at  # sample of the clip that is next
        self.origin, self.since = 0, 0  # frame of the first sample since the last interrupt, and the samples since

    def count(self, name: str) -> None:
        self.session.operations[name] = self.session.operations.get(name, 0) + 1

    def push(self, longest_s: float) -> None:
        n = 1 + int(self.random.random() ** 3 * longest_s * self.rate_hz)  # mostly short ones
        self.stream.push(self.clip.piece(self.rate_hz, self.at, n), self.rate_hz)
        self.at += n
        self.since += n
        self.session.audio_s += n / self.rate_hz
        self.count("push")

    def pull(self) -> None:
        self.taker.take(int(self.random.integers(1, 60)) if self.random.random() < 0.5 else None)
        self.count("pull")

    def pause(self) -> None:
        self.taker.take_all()  # so that the buffer is empty
        self.stream.pause()
        self.push(PAUSED_CHUNK_S)
        if self.taker.take(None):
            self.session.faults.append("a paused stream gave frames")
        self.stream.resume()
        self.count("pause")

    def style(self) -> None:
        emotion = str(self.random.choice(self.model.emotions)) if self.model.emotions else None
        style = self.model.style(str(self.random.choice(self.model.identities)), emotion)
        self.stream.set_style(style, int(self.random.integers(0, 2000)))
        self.count("set_style")

    def interrupt(self) -> None:
        self.origin = self.stream.interrupt(int(self.random.integers(0, 600)))
        self.since = 0
        self.taker.may_skip = True
        self.count("interrupt")

    def expected_frames(self) -> int:
        """Index behind the last frame, once the stream is flushed: ceil(duration * fps) after `origin`."""
        per_frame = self.rate_hz * self.model.fps_den
        return self.origin + -(-self.since * self.model.fps_num // per_frame)

    def flush(self) -> None:
        self.stream.flush()
        self.taker.take_all()
        self.count("flush")
        if self.taker.expected != self.expected_frames():
            self.session.faults.append(
                f"{self.taker.expected} frames at the end of {self.session.audio_s:.2f} s, not {self.expected_frames()}"
            )


class Conversation:
    """A session on a stream that is fresh, or was reset; the same seed and number of steps give the same frames.
    seconds: of audio, without interrupts, from the clip's beginning and at 16 kHz. None: some minutes of everything.
    early_s: seconds of audio after which the digest so far is kept, so that the beginning of a conversation that is
    too long to be done again whole can be compared.
    """

    def __init__(
        self,
        model: Model,
        stream: Stream,
        clip: Clip,
        seed: Sequence[int],
        seconds: float | None,
        early_s: float = np.inf,
    ):
        self.session = Session()
        self._random = np.random.default_rng(list(seed))
        self._has_interrupts = seconds is None
        rate_hz, at = 16000, 0
        if seconds is None:
            seconds = float(self._random.uniform(5, 300))
            rate_hz, at = int(self._random.choice(RATES_HZ)), int(self._random.integers(int(clip.seconds * 16000)))
        self._seconds, self._early_s = seconds, early_s
        self._player = _Player(model, clip, self._random, _Taker(stream, self.session), rate_hz, at)
        stream.set_style(model.style(model.identities[0]), 0)  # a reset keeps the style of before

    @property
    def is_over(self) -> bool:
        return self.session.audio_s >= self._seconds

    def step(self) -> None:
        what, player = self._random.random(), self._player
        if what < 0.5:
            player.push(LONGEST_CHUNK_S)
        elif what < 0.97:
            player.pull()
        elif what < 0.98:
            player.pause()
        elif what < 0.995 or not self._has_interrupts:
            player.style()
        else:
            player.interrupt()
        self.session.n_steps += 1
        if not self.session.early_steps and self.session.audio_s >= self._early_s:
            self.session.early_steps, self.session.early_digest = self.session.n_steps, self.digest()

    def digest(self) -> str:
        """Digest of the frames until now."""
        return self._player.taker.digest()

    def finish(self) -> Session:
        self._player.flush()
        self._player.taker.finish()
        return self.session


def replay(
    model: Model, stream: Stream, clip: Clip, seed: Sequence[int], seconds: float | None, n_steps: int
) -> Session:
    """A session again, to its end."""
    return _again(model, stream, clip, seed, seconds, n_steps).finish()


def replay_beginning(
    model: Model, stream: Stream, clip: Clip, seed: Sequence[int], seconds: float | None, n_steps: int
) -> str:
    """Digest of the frames of a session's first steps."""
    return _again(model, stream, clip, seed, seconds, n_steps).digest()


def _again(
    model: Model, stream: Stream, clip: Clip, seed: Sequence[int], seconds: float | None, n_steps: int
) -> Conversation:
    conversation = Conversation(model, stream, clip, seed, seconds)
    for _ in range(n_steps):
        conversation.step()
    return conversation
