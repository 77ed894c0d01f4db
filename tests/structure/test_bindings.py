"""The Python bindings drop the interpreter lock in one way only."""

from __future__ import annotations

from pathlib import Path

BINDINGS = Path(__file__).parents[2] / "csrc" / "bindings"


def test_only_the_guard_that_survives_the_end_of_python_drops_the_lock():
    """pybind11's own releases abort the process when Python ends while a daemon thread is inside (unlocked.h)."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(BINDINGS.glob("*.[ch]*"))}
    assert "PyEval_SaveThread" in texts["unlocked.cpp"]
    wrong = ("gil_scoped_release", "gil_scoped_acquire", "PyEval_SaveThread", "Py_BEGIN_ALLOW_THREADS")
    assert {name for name, text in texts.items() if any(word in text for word in wrong)} == {"unlocked.cpp"}
    assert sum(text.count("run_unlocked(") for text in texts.values()) > 15
