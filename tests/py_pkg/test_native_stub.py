"""The stub _native.pyi against the compiled module, whose functions tell their signatures in their docstrings."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

import c_headers
import numpy as np
import pytest

from diffusiontalker import _native

STUB = (Path(__file__).parents[2] / "python" / "diffusiontalker" / "_native.pyi").read_text(encoding="utf-8")
OPTIONS = "Stream.__init__"  # takes **kwargs, which has a test of its own
# As pybind11 spells a type -> as the stub does.
SPELLINGS = [
    (r"diffusiontalker\._native\.", ""),
    (r"typing\.SupportsInt( \| typing\.SupportsIndex)?", "int"),
    (r"typing\.SupportsFloat( \| typing\.SupportsIndex)?", "float"),
    (r"typing\.Annotated\[numpy\.typing\.ArrayLike, numpy\.\w+\]", "ArrayLike"),
    (r"typing\.Annotated\[collections\.abc\.Sequence\[float\], 'FixedSize\(3\)'\]", "tuple[float, float, float]"),
    (r"collections\.abc\.", ""),
    (r"numpy\.typing\.NDArray\[numpy\.", "NDArray[np."),
]


NO_DEFAULT = "no default"


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    default: object
    is_keyword_only: bool


@dataclass(frozen=True)
class Signature:
    parameters: tuple[Parameter, ...]  # without self
    result: str


def spelled(node: ast.expr | None) -> str:
    text = "" if node is None else ast.unparse(node)
    for pattern, ours in SPELLINGS:
        text = re.sub(pattern, ours, text)
    return text


def signature(node: ast.FunctionDef) -> Signature:
    a = node.args
    defaults = [NO_DEFAULT] * (len(a.args) - len(a.defaults)) + [ast.literal_eval(d) for d in a.defaults]
    named = [NO_DEFAULT if d is None else ast.literal_eval(d) for d in a.kw_defaults]
    found = [Parameter(p.arg, spelled(p.annotation), d, False) for p, d in zip(a.args, defaults, strict=True)]
    found += [Parameter(p.arg, spelled(p.annotation), d, True) for p, d in zip(a.kwonlyargs, named, strict=True)]
    return Signature(tuple(p for p in found if p.name != "self"), spelled(node.returns))


def is_typed_dict(node: ast.stmt) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and [ast.unparse(base) for base in node.bases] == ["TypedDict"]


def typed_dicts(text: str) -> dict[str, dict[str, str]]:
    """Of the stub: name -> key -> type."""
    return {
        node.name: {n.target.id: spelled(n.annotation) for n in node.body if isinstance(n, ast.AnnAssign)}
        for node in ast.parse(text).body
        if is_typed_dict(node)
    }


Described = dict[str, Signature | str]  # dotted name -> signature, or type of a property or variable, or "class"


def of_stub(body: list[ast.stmt], prefix: str = "") -> Described:
    found: Described = {}
    for node in body:
        if isinstance(node, ast.ClassDef) and not is_typed_dict(node):
            found |= {prefix + node.name: "class"} | of_stub(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            is_property = bool(node.decorator_list)
            found[prefix + node.name] = spelled(node.returns) if is_property else signature(node)
        elif isinstance(node, ast.AnnAssign):
            found[prefix + node.target.id] = spelled(node.annotation)
    return found


def of_docstring(text: str) -> Signature:
    return signature(ast.parse(f"def {text.splitlines()[0]}: ...").body[0])


def of_module(module: ModuleType) -> Described:
    found: Described = {}
    for name, value in vars(module).items():
        if isinstance(value, type):
            found |= {name: "class"} | {f"{name}.{member}": what for member, what in of_class(value).items()}
        elif callable(value):
            found[name] = of_docstring(value.__doc__)
        elif not name.startswith("__"):
            found[name] = type(value).__name__
    return found


def of_class(class_: type) -> Described:
    found: Described = {}
    for name, value in vars(class_).items():
        if isinstance(value, property):
            found[name] = of_docstring("f" + value.fget.__doc__).result
        elif (value.__doc__ or "").startswith(f"{name}("):
            found[name] = of_docstring(value.__doc__)
    return found


def type_fits(real: str, stub: str) -> bool:
    """The stub may tell more than pybind11 knows: what a dict, list, tuple or object is."""
    if real in ("object", "typing_extensions.CapsuleType"):
        return True
    return stub == real or stub.startswith(f"{real}[") or (real == "dict" and stub in typed_dicts(STUB))


def is_number(value: object) -> bool:
    """Or a tuple of numbers, which pybind11 prints as a list."""
    return isinstance(value, int | float | tuple | list) and not isinstance(value, bool)


def default_fits(real: object, stub: object) -> bool:
    """To the precision of float32."""
    if is_number(real) and is_number(stub):
        return np.array_equal(np.float32(real), np.float32(stub))
    return type(real) is type(stub) and real == stub


def differences(stub: str, module: ModuleType) -> list[str]:
    """One line for each way in which the stub is not what the module is."""
    real, ours = of_module(module), of_stub(ast.parse(stub).body)
    found = [f"{name}: not in the stub" for name in sorted(real.keys() - ours.keys())]
    found += [f"{name}: not in the module" for name in sorted(ours.keys() - real.keys())]
    for name in sorted(real.keys() & ours.keys() - {OPTIONS}):
        a, b = real[name], ours[name]
        if isinstance(a, str) or isinstance(b, str):
            fits = isinstance(a, str) and isinstance(b, str) and type_fits(a, b)
        else:
            fits = type_fits(a.result, b.result) and [(p.name, p.is_keyword_only) for p in a.parameters] == [
                (p.name, p.is_keyword_only) for p in b.parameters
            ]
            for p, q in zip(a.parameters, b.parameters, strict=False):
                fits = fits and type_fits(p.type, q.type) and default_fits(p.default, q.default)
        found += [] if fits else [f"{name}: {b}, in the module {a}"]
    return found


def test_the_stub_is_what_the_module_is():
    assert differences(STUB, _native) == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("    def has_head_pose(self) -> bool: ...", "    def head_pose(self) -> bool: ...", "Model.has_head_pose"),
        ("n_threads: int = 2,", "n_threads: int = 3,", "Model.__init__"),
        ("capacity: int | None = None) -> tuple[int, NDArray[np.float32]]: ...",
         "count: int | None = None) -> tuple[int, NDArray[np.float32]]: ...", "Stream.pull"),
        ("def ready_frames(self) -> int", "def ready_frames(self) -> str", "Stream.ready_frames"),
        ("def version() -> str: ...\n", "", "version"),
        ("fov_y_deg: float = 30.0", "fov_y_deg: float = 31.0", "raster_draw"),
        ("max_batch: int = 4, warm_up: bool = True", "warm_up: bool = True, max_batch: int = 4", "Scheduler.__init__"),
    ],
)  # fmt: skip
def test_a_change_of_the_stub_is_found(old, new, where):
    assert STUB.count(old) == 1
    found = differences(STUB.replace(old, new), _native)
    assert found and found[0].startswith(where), found


@pytest.fixture(scope="module")
def model(tiny_bundle):
    return _native.Model(str(tiny_bundle), backend="reference")


def stream_options() -> dict[str, object]:
    parameters = of_stub(ast.parse(STUB).body)[OPTIONS].parameters
    return {p.name: p.default for p in parameters if p.name != "model"}


def test_stream_options_are_those_of_the_headers():
    fields = [f.name for f in c_headers.read().structs["dt_stream_options"]]
    assert set(stream_options()) == set(fields) - {"struct_size"}


def test_the_module_takes_every_stream_option_with_its_default(model):
    for name, default in stream_options().items():
        _native.Stream(model, **{name: default})
    wrong: dict[str, Any] = {"head_amounts": 1}
    with pytest.raises(TypeError, match="head_amounts"):
        _native.Stream(model, **wrong)


def test_keys_of_dicts_are_the_fields_of_the_headers():
    structs = c_headers.read().structs
    for name, c in [
        ("BackendDescription", "dt_backend_info"),
        ("ProfileInfo", "dt_profile_info"),
        ("StreamInfo", "dt_stream_info"),
        ("StreamStats", "dt_stream_stats"),
        ("StepInfo", "dt_step_info"),
        ("SchedulerStats", "dt_scheduler_stats"),
    ]:
        assert set(typed_dicts(STUB)[name]) == {f.name for f in structs[c]} - {"struct_size", "reserved"}, name


def test_dicts_have_the_keys_and_types_of_the_stub(model):
    stream, scheduler = _native.Stream(model), _native.Scheduler(model, warm_up=False)
    for name, value in [
        ("BackendDescription", _native.backends()[0]),
        ("ProfileInfo", model.profile()),
        ("StreamInfo", stream.info()),
        ("StreamStats", stream.stats()),
        ("StepInfo", scheduler.step()),
        ("SchedulerStats", scheduler.stats()),
    ]:
        found = {key: type(v).__name__ for key, v in value.items()}
        assert found == {key: t.split("[")[0] for key, t in typed_dicts(STUB)[name].items()}, name
