"""Options of a run, what torchrun's environment makes of them, device and precision."""

import argparse
from dataclasses import dataclass
from typing import NamedTuple

import pytest
import torch

from training.loop import precision as precision_module
from training.loop.precision import chosen_precision
from training.loop.runtime import Runtime, add_runtime_arguments


class Pair(NamedTuple):
    a: torch.Tensor
    b: int


@dataclass(frozen=True)
class Batch:
    mel: torch.Tensor
    names: list
    pair: Pair
    table: dict


def runtime_of(*arguments):
    parser = argparse.ArgumentParser()
    add_runtime_arguments(parser)
    return Runtime.from_arguments(parser.parse_args(arguments))


def test_options_alone_give_one_process_on_this_device():
    before = torch.get_num_threads()
    runtime = runtime_of("--threads", "1")
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)
    assert runtime.is_main and runtime.speaks_for_node
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert runtime.about() == {"accelerator": expected, "precision": chosen_precision("auto", expected), "processes": 1}


@pytest.mark.parametrize(("precision", "dtype"), [("f32", torch.float32), ("bf16", torch.bfloat16)])
def test_autocast_follows_the_precision_option(precision, dtype):
    runtime, layer = runtime_of("--accelerator=cpu", "--precision", precision), torch.nn.Linear(2, 2)
    with runtime.autocast():
        assert layer(torch.zeros(1, 2)).dtype == dtype
    assert layer.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 amx_tile", "bf16"),
        ("flags\t\t: fpu avx2 avx512f", "f32"),
        ("Features\t: fp asimd bf16 i8mm", "bf16"),
        ("model name\t: avx512_bf16", "f32"),
    ],
)
def test_auto_is_bf16_only_where_the_processor_has_it(tmp_path, monkeypatch, line, expected):
    monkeypatch.setattr(precision_module, "CPUINFO", tmp_path / "cpuinfo")
    assert chosen_precision("auto", "cpu") == "f32"  # no such file, as on Windows
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{line}\n")
    assert chosen_precision("auto", "cpu") == expected
    assert chosen_precision("f32", "cpu") == "f32" and chosen_precision("bf16", "cpu") == "bf16"


@pytest.mark.slow
def test_compiled_network_keeps_names_and_results():
    plain, compiled = (torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.SiLU()) for _ in range(2))
    compiled.load_state_dict(plain.state_dict())
    runtime_of("--accelerator=cpu", "--precision=f32", "--compile").compile(compiled)
    runtime_of("--accelerator=cpu").compile(plain)
    x = torch.randn(5, 3)
    torch.testing.assert_close(compiled(x), plain(x), atol=1e-6, rtol=1e-5)
    assert compiled._compiled_call_impl is not None and plain._compiled_call_impl is None
    assert compiled.state_dict().keys() == {"0.weight", "0.bias"}


def test_place_goes_into_containers_and_leaves_the_rest(monkeypatch):
    runtime = Runtime("cpu")
    monkeypatch.setattr(Runtime, "device", torch.device("meta"))  # a second device that every machine has
    batch = Batch(torch.ones(2), ["a", torch.zeros(1)], Pair(torch.ones(1), 3), {"k": (torch.ones(1), None)})
    placed = runtime.place(batch)
    assert isinstance(placed, Batch) and isinstance(placed.pair, Pair)
    tensors = (placed.mel, placed.names[1], placed.pair.a, placed.table["k"][0])
    assert all(t.device.type == "meta" for t in tensors)
    assert placed.names[0] == "a" and placed.pair.b == 3 and placed.table["k"][1] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"devices": 0}, "--devices 0 --nodes 1: both must be at least 1"),
        ({"precision": "16"}, "precision is '16', expected one of auto, f32, bf16"),
        ({"accelerator": "cuda", "devices": 99}, "99 GPUs asked for"),
    ],
)
def test_layout_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Runtime(**({"accelerator": "cpu"} | options))


def test_options_that_contradict_torchrun_are_refused(monkeypatch):
    for name, value in (("TORCHELASTIC_RUN_ID", "x"), ("WORLD_SIZE", "4"), ("LOCAL_WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="started 2 processes on 2 nodes: leave both options out"):
        Runtime("cpu", devices=3)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(ValueError, match="every node must run as many"):
        Runtime("cpu")
