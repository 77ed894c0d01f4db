"""Frames on a device: the exchange protocols, with the host memory that the reference backend puts in its place."""

from __future__ import annotations

import asyncio
import gc
import importlib.util

import numpy as np
import pytest

import diffusiontalker as dt
from diffusiontalker import errors
from diffusiontalker.native import native

RATE = 16000


@pytest.fixture(scope="module")
def audio(audio):
    return audio[:RATE]


def fed(model, audio, **options):
    stream = model.stream(**options)
    stream.push(audio, RATE)
    stream.flush()
    return stream


@pytest.mark.parametrize("options", [{}, {"smoothing_ms": 80, "silence_gate": True}])
def test_frames_are_those_of_pull(model, audio, options):
    expected = fed(model, audio, **options).pull_block()[1]
    stream = fed(model, audio, **options)
    parts = []
    while len(part := np.from_dlpack(stream.pull_device(7)[1])):
        parts.append(part)
    assert np.array_equal(np.concatenate(parts), expected)


def test_first_frame_and_reused_array(model, audio):
    stream = fed(model, audio)
    first, array = stream.pull_device(10)
    assert (first, array.shape, array.device) == (0, (10, model.n_channels), "cpu")
    again, same = stream.pull_device(out=array)
    assert again == 10
    assert same.pointer == array.pointer
    with pytest.raises(errors.InputError, match="both given"):
        stream.pull_device(3, out=array)


def test_dlpack_shares_the_memory_and_outlives_everything(model, audio):
    _, array = fed(model, audio).pull_device(6)
    assert array.__dlpack_device__() == (1, 0)
    one, two = np.from_dlpack(array), np.from_dlpack(array)
    assert one.ctypes.data == two.ctypes.data == array.pointer
    copy = one.copy()
    del array, two
    gc.collect()
    assert np.array_equal(one, copy)
    assert one.dtype == np.float32


def test_a_capsule_nobody_takes_frees_its_share(model):
    array = native().DeviceArray(model._native, [2, 3])
    assert type(array.__dlpack__()).__name__ == "PyCapsule"
    array.__dlpack__(stream=-1, max_version=(1, 0), copy=None)
    with pytest.raises(ValueError, match="no stream"):
        array.__dlpack__(stream=1)
    array.wait()


def test_what_an_export_cannot_do_is_a_buffer_error(model):
    """As the array API standard has it; a consumer then copies by itself."""
    array = native().DeviceArray(model._native, [2, 3])
    array.__dlpack__(dl_device=(1, 0), copy=False)
    with pytest.raises(BufferError, match="lies on cpu and cannot be exported to another device"):
        array.__dlpack__(dl_device=(2, 0))
    with pytest.raises(BufferError, match="without a copy"):
        array.__dlpack__(copy=True)
    with pytest.raises(TypeError):
        array.__dlpack__(strem=None)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_torch_takes_it(model, audio):
    import torch

    _, array = fed(model, audio).pull_device(6)
    tensor = torch.from_dlpack(array)
    assert tensor.dtype == torch.float32
    assert tensor.data_ptr() == array.pointer
    assert np.array_equal(tensor.numpy(), np.from_dlpack(array))


def test_host_memory_has_no_cuda_interface(model):
    array = native().DeviceArray(model._native, [2])
    assert not hasattr(array, "__cuda_array_interface__")
    assert array.event == 0


def test_rig_poses(model, audio):
    rng = np.random.default_rng(1)
    neutral = rng.normal(size=(5, 3)).astype(np.float32)
    deltas = rng.normal(size=(model.n_channels, 5, 3)).astype(np.float32)
    deltas[rng.random(deltas.shape[:2]) < 0.5] = 0
    rig = model.device_rig(neutral, deltas)
    _, frames = fed(model, audio).pull_device(8)
    weights = np.from_dlpack(frames).astype(np.float64)
    expected = neutral + np.einsum("fc,cvx->fvx", weights, deltas.astype(np.float64))
    size = np.abs(neutral) + np.einsum("fc,cvx->fvx", np.abs(weights), np.abs(deltas))
    error = np.abs(np.from_dlpack(rig.pose(frames)) - expected)
    assert np.all(error <= (model.n_channels + 1) * 2.0**-23 * size)  # a rounding per product and sum
    out = rig.pose(frames)
    assert rig.pose(frames.head(3), out=out).shape == (3, 5, 3)
    with pytest.raises(errors.InputError, match="deltas have shape"):
        model.device_rig(neutral, deltas[:, :4])
    with pytest.raises(errors.InputError, match="a frame has 15 values"):
        rig.pose(out, out=out)


def test_frames_that_are_on_the_host_already_are_not_skipped(model, audio):
    stream = fed(model, audio)
    assert len(stream.pull_block(9)[1]) == 9
    first, array = stream.pull_device()
    assert first == 9
    assert array.shape[0] == model.animate(audio, RATE).weights.shape[0] - 9
    stream = fed(model, audio)

    async def first_frame():
        return await anext(stream.frames())

    asyncio.run(first_frame())  # computes a hop, of which five frames wait
    with pytest.raises(errors.InputError, match="on the host already"):
        stream.pull_device()


def test_without_a_device_it_is_one_sentence(tiny_bundle):
    if importlib.util.find_spec("openvino") is None:
        pytest.skip("openvino is not installed")
    model = dt.load(tiny_bundle, backend="openvino")
    with pytest.raises(errors.UnsupportedError, match='backend "openvino" computes on the processor'):
        model.stream().pull_device(3)
    with pytest.raises(errors.UnsupportedError, match="dt_stream_pull"):
        model.device_rig(np.zeros((1, 3)), np.zeros((model.n_channels, 1, 3)))
