"""Programs of tests/capi that the sanitizers run, and that call every function of the headers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_capi_sweep import DECLARED, without_comments

FOLDER = Path(__file__).resolve().parents[1] / "capi"


@pytest.mark.parametrize("sources", [["threads.cpp"], ["allocation_life.hpp", "allocation_failures.cpp"]])
def test_every_function_of_the_headers_is_called(sources):
    text = "".join(without_comments((FOLDER / name).read_text()) for name in sources)
    text = re.sub(r"//[^\n]*", "", text)
    missing = [name for name in DECLARED if not re.search(rf"\b{name}\(", text)]
    assert not missing, f"{', '.join(sources)} of tests/capi never call {', '.join(missing)}"
