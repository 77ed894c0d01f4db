#!/usr/bin/env bash
# All tests from a fresh clone: bash tests/run.sh
# Uses the active virtual environment, or makes .venv. Words after the command go to pytest, for example -k cli.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/environment.sh
build="${DT_TEST_BUILD:-build/tests}"
jobs="$(nproc 2>/dev/null || echo 2)"

step() { echo; echo "== $*"; }

has_gtest() {
  local probe result=0
  probe="$(mktemp -d)"
  printf 'cmake_minimum_required(VERSION 3.20)\nproject(p CXX)\nfind_package(GTest REQUIRED)\n' >"$probe/CMakeLists.txt"
  cmake -S "$probe" -B "$probe/build" >/dev/null 2>&1 || result=1
  rm -rf "$probe"
  return $result
}

install_gtest() {
  if has_gtest; then return; fi
  local sudo=""
  if [ "$(id -u)" != 0 ]; then sudo="sudo -n"; fi
  if command -v apt-get >/dev/null && $sudo true 2>/dev/null; then
    step "Installing GoogleTest"
    $sudo apt-get install -y -q libgtest-dev || { $sudo apt-get update -q && $sudo apt-get install -y -q libgtest-dev; }
  else
    echo "error: the C++ tests need GoogleTest: install libgtest-dev (Debian, Ubuntu) or gtest-devel (Fedora)" >&2
    exit 1
  fi
}

step "Installing the package with its test tools"
extras=dev,train,video
# nvcc's wheels are for Linux on x86-64, and 100 MB that a machine with a CUDA toolkit need not load.
if ! command -v nvcc >/dev/null && [ "$(uname -sm)" = "Linux x86_64" ]; then extras="$extras,cuda-compile"; fi
# The last two are build requirements, which the C++ tests need outside of pip's own build too.
"$PYTHON" -m pip install --quiet ".[$extras]" "cmake>=3.20" "nlohmann-json>=3.11"

step "Formatting and types"
ruff check .
ruff format --check .
mypy python/diffusiontalker
find csrc examples tests -regex '.*\.\(h\|c\|cpp\|cu\|cuh\)' -print0 | xargs -0 clang-format --dry-run -Werror

install_gtest
step "C++ tests"
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DDT_BUILD_TESTS=ON -DPython_EXECUTABLE="$PYTHON"
cmake --build "$build" --parallel "$jobs"
ctest --test-dir "$build" --output-on-failure --parallel "$jobs"
DT_TEST_BUILD="$(cd "$build" && pwd)"
export DT_TEST_BUILD
step "C ABI against the committed dump"
if command -v abidw >/dev/null && command -v abidiff >/dev/null; then
  bash tests/abi.sh "$DT_TEST_BUILD/csrc/api/libdiffusiontalker.so"
else
  echo "abidw and abidiff are not here (Debian: abigail-tools): skipped"
fi

if command -v npm >/dev/null; then
  step "Khronos glTF validator"
  npm install --silent --no-audit --no-fund --prefix build/node gltf-validator@2.0.0-dev.3.10
  export NODE_PATH="$PWD/build/node/node_modules"
else
  echo "npm is not here: the Khronos validator's tests are skipped"
fi

# Each part in a process of its own: training, signals and OpenVINO in one long process have crashed it once.
chain=tests/py_training/test_end_to_end.py
if [ "$#" -gt 0 ]; then
  step "Python tests"
  "$PYTHON" -m pytest -rs "$@"
else
  step "Python tests: structure"
  "$PYTHON" -m pytest -rs tests/structure
  step "Python tests: documentation"
  "$PYTHON" -m pytest -rs tests/docs
  step "Python tests: package"
  "$PYTHON" -m pytest -rs tests/py_pkg
  step "Python tests: kernels"
  "$PYTHON" -m pytest -rs tests/kernels
  step "Python tests: examples"
  "$PYTHON" -m pytest -rs tests/examples
  step "Python tests: engines"
  "$PYTHON" -m pytest -rs tests/py_trt_build
  step "Python tests: training"
  "$PYTHON" -m pytest -rs tests/py_training --ignore "$chain" --ignore-glob '*/test_loop*.py'
  step "Python tests: training loop"
  "$PYTHON" -m pytest -rs tests/py_training/test_loop*.py
  step "Python tests: the whole chain"
  "$PYTHON" -m pytest -rs "$chain"
fi
echo
echo "All tests passed."
