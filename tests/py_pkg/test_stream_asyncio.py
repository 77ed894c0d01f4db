"""The asyncio form of a stream: frames as they are computed or by a clock, cancelled and interrupted anywhere."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from cli_support import tone

import diffusiontalker as dt
from diffusiontalker.errors import BufferFullError

RATE = 16000


@pytest.fixture(scope="module")
def voice():
    return tone(3, RATE)


class Clock:
    """Goes on by a fixed step whenever it is asked: no test waits for real time."""

    def __init__(self, step_s: float):
        self.now_s, self.step_s = 0.0, step_s

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


async def speak(stream, voice, piece=1600, **options):
    for start in range(0, len(voice), piece):
        await stream.apush(voice[start : start + piece], RATE, **options)
        await asyncio.sleep(0)


async def show(stream, frames):
    async for frame in stream.frames():
        frames += [frame]


def weights_of(frames) -> np.ndarray:
    return np.stack([f.weights for f in frames])


@pytest.mark.parametrize("clock", [None, Clock(0.02)], ids=["computed", "clocked"])
def test_frames_are_those_of_animate(model, voice, clock):
    async def main():
        stream = model.stream()

        async def talk():
            await speak(stream, voice)
            stream.flush()

        task = asyncio.create_task(talk())
        frames = [frame async for frame in stream.frames(clock=clock)]
        await task
        return frames

    frames = run(main())
    assert [f.index for f in frames] == list(range(90))
    assert np.array_equal(weights_of(frames), model.animate(voice, RATE, seed=0).weights)


def test_a_clock_holds_every_frame_back_until_its_time(model, voice):
    clock = Clock(0.015)

    async def main():
        stream = model.stream()
        stream.push(voice, RATE)
        stream.flush()
        return [(frame.time_s, clock.now_s) async for frame in stream.frames(clock=clock)]

    for time_s, given_s in run(main()):
        assert given_s >= time_s


def test_a_loop_that_ends_anywhere_loses_no_frame(model, voice):
    async def main():
        stream = model.stream()
        stream.push(voice, RATE)
        stream.flush()
        frames = []
        for n in (1, 4, 7, 2):  # not whole hops
            async for frame in stream.frames():
                frames.append(frame)
                if len(frames) % 14 in (1, 5, 12, 0) and n:
                    break
        for _ in range(5):
            task = asyncio.create_task(show(stream, frames))
            for _ in range(3):
                await asyncio.sleep(0)
            task.cancel()  # in the middle of a computation, as it is
            await asyncio.gather(task, return_exceptions=True)
        return frames + [frame async for frame in stream.frames()]

    frames = run(main())
    assert [f.index for f in frames] == list(range(90))
    assert np.array_equal(weights_of(frames), model.animate(voice, RATE, seed=0).weights)


def test_barge_in_is_followed_by_its_easing_and_the_next_answer(model, voice):
    async def main():
        stream = model.stream()
        seen = []

        async def show():
            async for frame in stream.frames():
                seen.append(frame)
                if len(seen) == 20:  # the user speaks
                    stream.interrupt(100, shown_frame=frame.index)
                    assert not await stream.apush(voice, RATE, utterance=1)  # the cancelled voice
                    await stream.apush(voice[:RATE], RATE, utterance=stream.utterance)
                    stream.flush()

        await stream.apush(voice, RATE)
        await show()
        return seen

    frames = run(main())
    assert [f.index for f in frames] == list(range(20 + 3 + 30))  # no gap, nothing twice
    assert [f.utterance for f in frames] == [1] * 20 + [2] * 33
    rest = frames[22].weights
    assert np.allclose(frames[20].weights, rest + (frames[19].weights - rest) * (1 - 7 / 27), atol=1e-6)


def test_an_interrupt_without_a_shown_frame_starts_from_the_one_that_was_given(model, voice):
    async def main():
        stream = model.stream()
        stream.push(voice, RATE)
        frames = stream.frames()
        given = [await anext(frames) for _ in range(3)]  # the rest of the hop is computed and waits
        assert stream.interrupt(100) == 6
        easing = [await anext(frames) for _ in range(3)]
        await frames.aclose()
        return given, easing

    given, easing = run(main())
    assert [f.index for f in given + easing] == list(range(6))
    rest = easing[-1].weights
    assert np.allclose(easing[0].weights, rest + (given[-1].weights - rest) * (1 - 7 / 27), atol=1e-6)


def test_apush_waits_for_room(model, voice):
    async def main():
        stream = model.stream(max_buffered_ms=500)
        with pytest.raises(BufferFullError):
            await stream.apush(voice, RATE)  # longer than the whole buffer
        frames = []
        task = asyncio.create_task(show(stream, frames))
        await speak(stream, voice, piece=4000)
        stream.flush()
        await task
        return frames

    assert np.array_equal(weights_of(run(main())), model.animate(voice, RATE, seed=0).weights)


def test_apush_ends_when_its_utterance_does(model, voice):
    async def main():
        stream = model.stream(max_buffered_ms=500)
        await stream.apush(voice[:8000], RATE)
        task = asyncio.create_task(stream.apush(voice[:8000], RATE))
        await asyncio.sleep(0.01)
        assert not task.done()
        stream.interrupt(0)
        assert await task is False
        return stream.buffered_s

    assert run(main()) == 0


def test_an_idle_face_lives_on_and_speaks_again(model, voice):
    async def main():
        stream = model.stream(seed=5)
        frames = []
        async for frame in stream.frames(clock=Clock(0.03), idle=True):
            frames.append(frame)
            if len(frames) == 60:
                begin = stream.next_audio_frame
                stream.push(voice[:RATE], RATE)
                stream.flush()
        return begin, frames

    begin, frames = run(main())
    assert [f.index for f in frames] == list(range(begin + 30))
    again = model.stream(seed=5)
    again.idle(begin / 30)
    again.push(voice[:RATE], RATE)
    again.flush()
    assert np.array_equal(weights_of(frames), weights_of(again.pull()))


def test_frames_of_a_scheduler_come_as_the_steps_finish_them(model, voice):
    async def main():
        scheduler, stream = model.scheduler(), model.stream()
        scheduler.add(stream)
        stream.push(voice, RATE)
        stream.flush()
        done = False

        async def work():
            while not done:
                await asyncio.to_thread(scheduler.step)
                await asyncio.sleep(0.001)

        task = asyncio.create_task(work())
        frames = [frame async for frame in stream.frames()]
        done = True
        await task
        return frames

    assert np.array_equal(weights_of(run(main())), model.animate(voice, RATE, seed=0).weights)


def test_a_fault_ends_the_loop_with_its_error(model, voice):
    async def main():
        stream = model.stream()
        stream.push(voice, RATE)
        async for _ in stream.frames(clock=lambda: 1 / 0):
            pass

    with pytest.raises(ZeroDivisionError):
        run(main())


def test_a_stopwatch_starts_when_it_is_asked():
    clock = dt.stopwatch()
    assert clock() == 0
    assert clock() >= 0
