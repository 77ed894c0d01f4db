"""tests/capi/threads.cpp, which the sanitizers run, calls every function of the headers."""

from __future__ import annotations

import re
from pathlib import Path

from test_capi_sweep import DECLARED, without_comments

SOURCE = Path(__file__).resolve().parents[1] / "capi" / "threads.cpp"


def test_threads_call_every_function_of_the_headers():
    text = re.sub(r"//[^\n]*", "", without_comments(SOURCE.read_text()))
    missing = [name for name in DECLARED if not re.search(rf"\b{name}\(", text)]
    assert not missing, f"tests/capi/threads.cpp never calls {', '.join(missing)}"
