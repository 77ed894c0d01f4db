"""The resource report reads ptxas and tells what got worse."""

import copy
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import resources

LOG = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_ZN2dt12_GLOBAL__N_17kernel1ILi4EEEvf' for 'sm_90'
ptxas info    : Function properties for _ZN2dt12_GLOBAL__N_17kernel1ILi4EEEvf
    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 42 registers, used 1 barriers, 16 bytes cumulative stack size, 2048 bytes smem
ptxas info    : Compile time = 3.145 ms
"""


def test_parse_reads_registers_spills_and_shared_memory():
    assert resources.parse(LOG) == {"kernel1<4>": {"sm_90": {"spill_bytes": 20, "registers": 42, "shared_bytes": 2048}}}


@pytest.mark.parametrize(("key", "said"), [("registers", "registers 41"), ("shared_bytes", "shared_bytes 1")])
def test_more_than_expected_is_a_fault(key, said):
    expected = {"k": {"sm_90": {"spill_bytes": 0, "registers": 40, "shared_bytes": 0}}}
    got = copy.deepcopy(expected)
    assert resources.faults(got, expected, True) == []
    got["k"]["sm_90"][key] += 1
    assert said in resources.faults(got, expected, True)[0]
    assert resources.faults(got, expected, False) == []


def test_spills_and_unknown_kernels_are_faults_with_every_compiler():
    got = resources.parse(LOG)
    assert "spills 20 bytes" in resources.faults(got, got, False)[0]
    assert resources.faults(got, {}, False) == ["kernel1<4>: not in resources.json"]


def test_committed_expectation_covers_every_kernel_file():
    expected = json.loads(resources.EXPECTED.read_text())["kernels"]
    for source in (resources.CSRC / "kernels").glob("*.cu"):
        kernels = [line.split("(")[0].split()[-1] for line in source.read_text().splitlines() if "__global__" in line]
        for kernel in kernels:
            assert any(name.split("<")[0] == kernel for name in expected), f"{kernel} of {source.name}"


def has_machine_code(capability: str) -> bool:
    """Code for 8.6 runs on 8.6 and 8.9, not on 8.0 and not on 9.0."""
    major, minor = capability[:-1], capability[-1]
    return any(arch[:-1] == major and arch[-1] <= minor for arch in resources.ARCHITECTURES)


@pytest.mark.parametrize("capability", ["75", "80", "86", "89", "90", "100", "120"])
def test_kernels_are_compiled_for_every_gpu_of_the_documentation(capability):
    assert capability in resources.ARCHITECTURES and has_machine_code(capability)


@pytest.mark.parametrize("capability", ["87", "103", "110", "121", "130"])
def test_other_gpus_can_compile_the_kernels_themselves(capability):
    """The driver compiles PTX of any older kind."""
    assert has_machine_code(capability) or any(int(arch) <= int(capability) for arch in resources.PTX)
