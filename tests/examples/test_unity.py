"""examples/unity: the C# binding under Mono, its structs against the C headers, the components against stand-ins."""

from __future__ import annotations

import c_headers
import csharp_binding
import numpy as np
import pytest
from example_support import EXAMPLES, OPENVINO, PACKAGE, needs, output_of, read_weights

UNITY = EXAMPLES / "unity"
BINDING = [UNITY / "DiffusionTalker.cs", UNITY / "DiffusionTalkerNative.cs"]
MCS = ["mcs", "-langversion:7", "-warnaserror", "-warn:4"]
PATHS = f"{PACKAGE / 'lib'}:{OPENVINO}"

pytestmark = needs("mcs", "mono")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("unity") / "Program.exe"
    output_of(*MCS, f"-out:{path}", *BINDING, UNITY / "Console" / "Program.cs")
    return path


@pytest.mark.parametrize("mode", ["", "scheduler"])
def test_csharp_stream_equals_python_bit_for_bit(program, tmp_path, tiny_bundle, clip, python_weights, mode):
    weights = tmp_path / "weights.f32"
    text = output_of("mono", program, tiny_bundle, clip, weights, "auto", "live", mode, LD_LIBRARY_PATH=PATHS)
    found = read_weights(weights)
    assert found.shape == python_weights.shape
    assert np.array_equal(found.view(np.uint32), python_weights.view(np.uint32))
    assert text.startswith("cpu: 52 channels")
    assert f"jawOpen widest at frame {python_weights[:, 17].argmax()}" in text


def test_csharp_error_is_an_exception_with_the_librarys_message(program, tmp_path, clip):
    command = f"mono {program} {tmp_path / 'nowhere'} {clip} {tmp_path / 'w'} 2>&1; test $? = 1"
    text = output_of("sh", "-c", command, LD_LIBRARY_PATH=PATHS)
    assert text.startswith("error -") and "nowhere" in text


def test_csharp_checks_run(tmp_path, tiny_bundle):
    """What Program.cs does not touch: slices, styles, interrupt, pause, seek, garbage collection during use."""
    path = tmp_path / "Checks.exe"
    output_of(*MCS, f"-out:{path}", *BINDING, UNITY.parents[1] / "tests" / "examples" / "unity_checks.cs")
    text = output_of("mono", path, tiny_bundle, LD_LIBRARY_PATH=PATHS)
    assert text.splitlines()[-1] == "all checks passed"


# Name in C -> name in C#.
STRUCTS = {
    c: f"Native.{sharp}" if sharp.endswith(("Options", "Part", "Dials")) else sharp
    for sharp, c in csharp_binding.STRUCTS.items()
}


@needs("cc")
def test_csharp_structs_have_the_layout_of_the_headers(tmp_path):
    structs = c_headers.read().structs
    lines = [f'P({c}, "{c}", {field.name});' for c in STRUCTS for field in structs[c]]
    (tmp_path / "layout.c").write_text(
        '#include <stddef.h>\n#include <stdio.h>\n#include "dt/dt.h"\n'
        '#define P(s, n, f) printf("%s %d\\n", n, (int)offsetof(s, f))\n'
        "int main(void) {\n" + "\n".join(lines) + "\nreturn 0; }\n"
    )
    output_of("cc", "-I", PACKAGE / "include", "-o", tmp_path / "layout", tmp_path / "layout.c")
    calls = "\n".join(f'Print("{c}", typeof({sharp}));' for c, sharp in STRUCTS.items())
    (tmp_path / "Layout.cs").write_text(
        "using System; using System.Reflection; using System.Runtime.InteropServices; using DiffusionTalker;\n"
        "static class P { static void Print(string name, Type t) { foreach (FieldInfo f in t.GetFields("
        "BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)) "
        'Console.WriteLine(name + " " + Marshal.OffsetOf(t, f.Name)); }\n'
        "static void Main() {\n" + calls + "\n} }\n"
    )
    output_of(*MCS, f"-out:{tmp_path / 'Layout.exe'}", *BINDING, tmp_path / "Layout.cs")
    assert output_of("mono", tmp_path / "Layout.exe").split("\n") == output_of(tmp_path / "layout").split("\n")


@pytest.mark.parametrize("player", ["UNITY_STANDALONE", "UNITY_IOS", "UNITY_WEBGL", "UNITY_WEBGL;UNITY_EDITOR"])
def test_unity_components_compile_against_stand_ins_for_every_player(tmp_path, player):
    stand_ins = UNITY.parents[1] / "tests" / "examples" / "unity_stand_ins.cs"
    library = tmp_path / "u.dll"
    # 649: fields that Unity's inspector fills.
    options = ["-nowarn:649", "-t:library", f"-out:{library}", f"-define:{player}"]
    output_of(*MCS, *options, *sorted(UNITY.glob("*.cs")), stand_ins)
    is_inside = player in ("UNITY_IOS", "UNITY_WEBGL")
    assert (b"__Internal" in library.read_bytes()) == is_inside
