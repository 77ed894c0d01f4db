"""Reads the C headers of csrc/include/dt without a compiler: structs, functions and constants. It knows the C that
these headers use, no more. tests/structure/test_c_headers.py compares what it reads with the C compiler."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "csrc" / "include" / "dt"
SIZES = {  # bytes on the 64-bit platforms that we build for
    "float": 4, "double": 8, "int32_t": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8, "uint8_t": 1, "size_t": 8,
    "dt_status": 4,
}  # fmt: skip
POINTER_SIZE = 8


@dataclass(frozen=True)
class Variable:
    """A field or a parameter. type: "const char*", "int32_t"; every pointer to a function is "function*"."""

    name: str
    type: str
    count: int = 1  # length of an array

    @property
    def is_pointer(self) -> bool:
        return self.type.endswith("*") or self.type == "dt_log_callback"

    @property
    def value_size(self) -> int:
        """Bytes of one value, which is its alignment too."""
        return POINTER_SIZE if self.is_pointer else SIZES[self.type]


@dataclass(frozen=True)
class Function:
    name: str
    result: str
    parameters: tuple[Variable, ...]


@dataclass(frozen=True)
class Headers:
    structs: dict[str, tuple[Variable, ...]]
    functions: dict[str, Function]
    constants: dict[str, int]  # DT_OK, DT_LOG_INFO, ..


def read(folder: Path = FOLDER) -> Headers:
    """All of dt/*.h."""
    return parse("\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.h"))))


def parse(text: str) -> Headers:
    """Raises ValueError for a declaration that it does not understand: nothing is skipped in silence."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    constants = {
        name: int(value) for name, value in re.findall(r"^#define (DT_\w+) \(?(-?\d+)\)?\s*$", text, re.MULTILINE)
    }
    structs = {
        name: tuple(_fields(body)) for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", text, re.DOTALL)
    }
    functions = {}
    for result, name, parameters in re.findall(r"DT_API ([^;{}]*?)(dt_\w+)\(([^;{}]*?)\);", text, re.DOTALL):
        functions[name] = Function(name, _spelled(result), tuple(_parameters(parameters)))
    if len(functions) != len(re.findall(r"^DT_API ", text, re.MULTILINE)):
        raise ValueError("a declaration with DT_API was not understood")
    if len(structs) != len(re.findall(r"\bstruct \w+\s*\{", text)):
        raise ValueError("a struct was not understood")
    return Headers(structs, functions, constants)


def layout(fields: tuple[Variable, ...]) -> tuple[dict[str, int], int]:
    """Offset of every field in bytes, and the size of the struct, as C lays it out."""
    offsets, end = {}, 0
    for field in fields:
        end += -end % field.value_size
        offsets[field.name] = end
        end += field.value_size * field.count
    alignment = max(field.value_size for field in fields)
    return offsets, end + -end % alignment


def _spelled(type_: str) -> str:
    return re.sub(r"\s*\*", "*", " ".join(type_.split()))


def _parameters(text: str) -> list[Variable]:
    return [] if text.strip() == "void" else [_variable(part) for part in text.split(",")]


def _fields(body: str) -> list[Variable]:
    found = []
    for declaration in filter(None, (part.strip() for part in body.split(";"))):
        if pointer := re.fullmatch(r"\w+\*?\s+\(\*(\w+)\)\(.*\)", declaration, re.DOTALL):
            found.append(Variable(pointer[1], "function*"))
            continue
        first, *others = declaration.split(",")
        found.append(_variable(first))
        found += [_variable(f"{found[-1].type} {other}") for other in others]
    return found


def _variable(text: str) -> Variable:
    match = re.fullmatch(r"\s*(.*?[\s*])(\w+)\s*(?:\[(\d+)\])?\s*", text, re.DOTALL)
    if match is None:
        raise ValueError(f"not understood: {text!r}")
    return Variable(match[2], _spelled(match[1]), int(match[3] or 1))
