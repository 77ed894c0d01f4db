"""The sweep of bad arguments (tests/capi/arguments*.c) covers every function of the headers and every parameter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
HANDLES = ("dt_model", "dt_stream", "dt_scheduler", "dt_device_array", "dt_rig")
# NULL has a meaning there, which the headers state.
OPTIONAL = {
    ("dt_model_open", "options"),
    ("dt_model_open_memory", "options"),
    ("dt_model_open_reader", "options"),
    ("dt_stream_create", "options"),
    ("dt_scheduler_create", "options"),
    ("dt_model_get_profile", "name"),
    ("dt_model_get_style", "identity"),
    ("dt_model_get_style", "emotion"),
    ("dt_model_enroll", "emotion"),
    ("dt_model_mix_emotions", "identity"),
    ("dt_stream_pull_with_pose", "head_pose"),
    ("dt_stream_pull_device_with_pose", "head_pose"),
    ("dt_scheduler_step", "info"),
    ("dt_stream_pull_utterance", "head_pose"),
    ("dt_stream_frame_at", "weights"),
    ("dt_stream_frame_at", "head_pose"),
    ("dt_stream_frame_at", "pose_time_s"),
    ("dt_stream_interrupt", "next_audio_frame"),
    ("dt_stream_interrupt_at", "next_audio_frame"),
    ("dt_stream_interrupt_at", "utterance"),
    ("dt_stream_set_dials", "dials"),
    ("dt_set_allocator", "allocator"),
    ("dt_set_log", "user"),
    ("dt_device_array_wait", "stream"),
}
# Any number is a length that the caller says to have.
CAPACITIES = re.compile(r"^capacity")


class Parameter(NamedTuple):
    type: str
    name: str


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def declared() -> dict[str, list[Parameter]]:
    """Functions of the headers with their parameters."""
    text = " ".join(without_comments(p.read_text()) for p in sorted((ROOT / "csrc/include/dt").glob("*.h")))
    functions = {}
    for name, inside in re.findall(r"DT_API\s+[\w\s*]+?(dt_\w+)\s*\(([^)]*)\)\s*;", text):
        parameters = [" ".join(p.split()) for p in inside.split(",") if p.strip() != "void"]
        functions[name] = [Parameter(*re.fullmatch(r"(.*?)(\w+)", p).groups()) for p in parameters]
    return functions


def call_at(text: str, start: int) -> tuple[list[str], int]:
    """Arguments of the call whose bracket opens before `start`, and where that bracket is closed."""
    depth, current, found = 1, "", []
    for end, c in enumerate(text[start:], start):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return [*found, current.strip()], end
        if c == "," and depth == 1:
            found.append(current.strip())
            current = ""
        else:
            current += c
    raise AssertionError("a bracket is not closed")


def refused() -> dict[str, list[list[str]]]:
    """Arguments of the calls that the sweep expects to fail."""
    text = " ".join(without_comments(p.read_text()) for p in sorted((ROOT / "tests/capi").glob("arguments*.c")))
    text = " ".join(text.split())
    found: dict[str, list[list[str]]] = {}
    for call in re.finditer(r"(BAD\(|REFUSES\(|)\s?(dt_\w+)\(", text):
        arguments, end = call_at(text, call.end())
        fails = re.match(r"\) == (NULL|DT_(?!OK)\w+)", text[end:])
        if call[1] or fails or call[2].endswith("_release"):
            found.setdefault(call[2], []).append(arguments)
    return found


DECLARED, REFUSED = declared(), refused()
WITH_PARAMETERS = sorted(name for name, parameters in DECLARED.items() if parameters)


def test_the_headers_are_understood():
    text = "".join(without_comments(p.read_text()) for p in (ROOT / "csrc/include/dt").glob("*.h"))
    n_marked = len(re.findall(r"^DT_API\b", text, flags=re.M))
    assert len(DECLARED) == n_marked > 50
    assert set(REFUSED) <= set(DECLARED)


def has(name: str, index: int, pattern: str) -> bool:
    return any(re.search(pattern, arguments[index]) for arguments in REFUSED.get(name, []))


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_every_parameter_of_a_function_is_refused_once(name):
    if name == "dt_status_string":  # takes any number; arguments.c checks an unknown one
        return
    missing = [] if REFUSED.get(name) else ["any refused call"]
    for i, (kind, parameter) in enumerate(DECLARED[name]):
        is_handle = kind.replace("const ", "").strip("* ") in HANDLES and kind.count("*") == 1
        if is_handle and not has(name, i, r"\bdead\b"):
            missing.append(f"{parameter}: a released handle, called dead")
        elif is_handle or (name, parameter) in OPTIONAL or "callback" in kind:
            continue
        elif "*" in kind and not has(name, i, r"^NULL$"):
            missing.append(f"{parameter}: NULL")
        elif kind.startswith("const float*") and not has(name, i, r"^not_finite\b"):
            missing.append(f"{parameter}: not_finite")
        elif kind.strip() == "size_t" and not CAPACITIES.match(parameter) and not has(name, i, r"\(size_t\)-1"):
            missing.append(f"{parameter}: (size_t)-1")
        elif (
            CAPACITIES.match(parameter)
            and not name.startswith("dt_stream_pull")
            and not has(name, i, r"^(0|1|11|d - 1)$")
        ):
            missing.append(f"{parameter}: too small")
    assert not missing, f"tests/capi/arguments*.c never call {name} with " + "; ".join(missing)
