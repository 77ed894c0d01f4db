"""Reads the structs and functions of examples/unity/DiffusionTalkerNative.cs and compares them with the C headers. Both
are read as text, so that no C# compiler is needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import c_headers
from c_headers import Headers, Variable

PATH = Path(__file__).parents[1] / "examples" / "unity" / "DiffusionTalkerNative.cs"

# C# has every struct under a name of its own, which its comments or its place tell.
STRUCTS = {
    "ModelInfo": "dt_model_info",
    "ProfileInfo": "dt_profile_info",
    "StreamInfo": "dt_stream_info",
    "StepInfo": "dt_step_info",
    "ModelOptions": "dt_model_options",
    "StreamOptions": "dt_stream_options",
    "Dials": "dt_dials",
    "SchedulerOptions": "dt_scheduler_options",
    "StylePart": "dt_style_part",
    "EmotionPart": "dt_emotion_part",
}
# What C# calls otherwise than C, beyond CamelCase and a missing n_.
OTHER_NAMES = {
    "d_identity": "StyleSize",
    "struct_size": "StructSize",
    "n_parts": "Count",
    "emotions": "EmotionParts",
    "n_profiles": "ProfileCount",
}
VALUES = {
    "int32_t": "int", "uint32_t": "uint", "int64_t": "long", "uint64_t": "ulong", "size_t": "UIntPtr", "float": "float",
    "double": "double", "dt_status": "int", "void": "void",
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str  # with its "ref" or "out"


@dataclass(frozen=True)
class Binding:
    structs: dict[str, list[Parameter]]
    functions: dict[str, tuple[str, list[Parameter]]]  # result, parameters
    constants: dict[str, str]


def read(path: Path = PATH) -> Binding:
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Binding:
    """Raises ValueError for a field or a parameter that it does not understand."""
    text = re.sub(r"//[^\n]*", "", text)
    layout = r"\[StructLayout\(LayoutKind\.Sequential\)\]\s*public struct (\w+)\s*\{(.*?)\}"
    structs = {
        name: [_parameter(f) for f in re.sub(r"\b(public|internal|private)\b", "", body).split(";") if f.strip()]
        for name, body in re.findall(layout, text, re.DOTALL)
    }
    functions = {
        name: (result, [_parameter(p) for p in parameters.split(",") if p.strip()])
        for result, name, parameters in re.findall(
            r"\[DllImport\(Library\)\]\s*public static extern (\w+) (\w+)\(([^)]*)\);", text
        )
    }
    if len(functions) != text.count("[DllImport") or len(structs) != text.count("[StructLayout"):
        raise ValueError("a struct or a function of the C# binding was not understood")
    constants = dict(re.findall(r"public const \w+ (\w+) = ([^;]+);", text))
    return Binding(structs, functions, constants)


def differences(headers: Headers, binding: Binding) -> list[str]:
    """One line for each way in which the binding is not what the headers say; [] when it is."""
    found = []
    for name, fields in binding.structs.items():
        if name not in STRUCTS:
            found.append(f"{name}: no struct of the headers is named for it")
        else:
            found += _compared(STRUCTS[name], headers.structs[STRUCTS[name]], fields, _field_types)
    for name, (result, parameters) in binding.functions.items():
        if name not in headers.functions:
            found.append(f"{name}: the headers have no such function")
            continue
        function = headers.functions[name]
        expected = "IntPtr" if function.result == "const char*" else VALUES[function.result]
        if result != expected:
            found.append(f"{name}: returns {result}, expected {expected}")
        found += _compared(name, function.parameters, parameters, _parameter_types)
    return found


def _parameter(text: str) -> Parameter:
    match = re.fullmatch(r"\s*((?:ref |out )?\w+(?:\[\])?)\s+(\w+)\s*", text)
    if match is None:
        raise ValueError(f"not understood: {text!r}")
    return Parameter(match[2], match[1])


def _compared(where: str, expected: tuple[Variable, ...], found: list[Parameter], types) -> list[str]:
    lines = []
    if len(expected) != len(found):
        lines.append(f"{where}: {len(found)} in C#, {len(expected)} in C")
    for ours, theirs in zip(expected, found, strict=False):
        if theirs.type not in types(ours):
            allowed = " or ".join(sorted(types(ours)))
            lines.append(f"{where}.{ours.name}: {theirs.type}, expected {allowed}")
        if theirs.name.lower() not in _names(ours):
            lines.append(f"{where}.{ours.name}: {theirs.name} is in its place")
    return lines


def _names(variable: Variable) -> set[str]:
    """What C# may call it, in lower case."""
    plain = variable.name.replace("_", "").lower()
    short = re.sub("^n_", "", variable.name).replace("_", "").lower()
    return {plain, short, OTHER_NAMES.get(variable.name, plain).lower()}


def _field_types(field: Variable) -> set[str]:
    return {"IntPtr"} if field.is_pointer else {VALUES[field.type]}


def _parameter_types(parameter: Variable) -> set[str]:
    c = parameter.type
    if not parameter.is_pointer:
        return {VALUES[c]}
    handles = "dt_model", "dt_stream", "dt_scheduler"
    pointed = c.removeprefix("const ").removesuffix("*")
    if pointed in handles:
        return {"IntPtr"}
    if pointed.removesuffix("*") in handles:
        return {"out IntPtr"}
    sharp = {ours: name for name, ours in STRUCTS.items()}
    if pointed in sharp:
        return {f"{sharp[pointed]}[]"} if pointed.endswith("_part") else {f"ref {sharp[pointed]}"}
    if pointed in ("char", "void"):
        return {"byte[]"}
    if pointed == "float":
        return {"float[]", "ref float"}
    return {f"out {VALUES[pointed]}"}


def sizes(binding: Binding) -> dict[str, int]:
    """Size of every struct of C#, as Marshal.SizeOf gives it on 64-bit platforms."""
    in_c = {sharp: ours for ours, sharp in VALUES.items() if ours != "dt_status"} | {"IntPtr": "void*"}
    return {
        name: c_headers.layout(tuple(Variable(f.name, in_c[f.type]) for f in fields))[1]
        for name, fields in binding.structs.items()
    }
