#!/usr/bin/env bash
# Line coverage: bash tests/coverage.sh [cpp] [python], both when none is named. Nothing fails for a number.
# cpp: what the C and C++ tests run of csrc, in a build of its own, build/coverage (DT_COVERAGE_BUILD names another).
# python: what tests/py_pkg runs of the installed package, the processes of its command line among them.
# Needs the environment of the tests, with pip install ".[dev]", and GoogleTest.
set -euo pipefail
cd "$(dirname "$0")/.."
build="${DT_COVERAGE_BUILD:-build/coverage}"
jobs="${DT_JOBS:-$(nproc 2>/dev/null || echo 2)}"
python="${PYTHON:-python3}"
tiny="$(mktemp -d)"
trap 'rm -rf "$tiny"' EXIT
parts=("$@")
if [ "${#parts[@]}" -eq 0 ]; then parts=(cpp python); fi

for part in "${parts[@]}"; do
  case "$part" in
    cpp)
      PYTHONPATH=python:tests "$python" tests/bundles.py "$tiny/tiny"  # a bundle with small networks
      cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Debug -DDT_BUILD_TESTS=ON -DDT_COVERAGE=ON \
        -DPython_EXECUTABLE="$(command -v "$python")" -DDT_TEST_BUNDLE="$tiny/tiny"
      cmake --build "$build" --parallel "$jobs"
      find "$build" -name '*.gcda' -delete  # counts of an earlier run
      ctest --test-dir "$build" --output-on-failure --parallel "$jobs"
      gcovr --root . --filter csrc/ "$build"
      ;;
    python)
      "$python" -m pytest -q --cov=diffusiontalker --cov-report=term tests/py_pkg
      ;;
    *)
      echo "usage: bash tests/coverage.sh [cpp] [python]" >&2
      exit 2
      ;;
  esac
done
