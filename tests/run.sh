#!/usr/bin/env bash
# All tests from a fresh clone: bash tests/run.sh [--fast] [WORDS]
# Uses the active virtual environment, or makes .venv. WORDS go to pytest, for example -k cli: then one process runs the
# Python tests. --fast installs and compiles what has changed since the last run, and leaves out what CONTRIBUTING.md
# lists.
# DT_LOCK=.github/requirements/tests.txt installs the versions of that file and no others, as the workflow does.
# Warnings of the C and C++ compilers are errors. DT_WERROR=OFF lets them pass, for a compiler that warns of more.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/environment.sh
build="${DT_TEST_BUILD:-$PWD/build/tests}"
jobs="$(nproc 2>/dev/null || echo 2)"
cmake_args="-DDT_WERROR=${DT_WERROR:-ON} -DDT_WITH_OPENVINO=ON"
fast=""
if [ "${1:-}" = --fast ]; then
  fast=1
  shift
fi
if command -v ccache >/dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER="${CMAKE_C_COMPILER_LAUNCHER:-ccache}"
  export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER:-ccache}"
  # Without it ccache compiles every test anew that uses the precompiled header.
  export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS:-pch_defines,time_macros}"
fi

scratch="$(mktemp -d)"
times="$scratch/times"
parts="$scratch/parts"
requirements="" # the process that installs them
touch "$times" "$parts"

finish() {
  local result=$?
  if [ -s "$times" ]; then
    echo
    echo "== Seconds of each part, $SECONDS s in all"
    sort -rn "$times" | sed 's/\t/  /; s/^/  /'
  fi
  if [ -n "$requirements" ]; then kill "$requirements" 2>/dev/null || true; fi
  rm -rf "$scratch"
  if [ "$result" = 0 ]; then echo "All tests passed."; else echo "The tests failed." >&2; fi
}
trap finish EXIT

step() { echo; echo "== $*"; }

# timed NAME COMMAND..: runs it now.
timed() {
  local name="$1" begun=$SECONDS
  shift
  step "$name"
  "$@"
  printf '%d\t%s\n' "$((SECONDS - begun))" "$name" >>"$times"
}

# part NAME COMMAND..: runs it later, beside others; those that take longest are named first.
part() {
  local name="$1"
  shift
  printf '%s\t%s\n' "$name" "$(printf '%q ' "$@")" >>"$parts"
}

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

# What has to be installed into the environment, unless the very same is there already: sets `what`, `extras`, `stamp`.
# The stamp lies in the environment.
ask_what_to_install() {
  extras=(dev train video corpus)
  # nvcc's wheels are for Linux on x86-64, and 100 MB that a machine with a CUDA toolkit need not load.
  if ! command -v nvcc >/dev/null && [ "$(uname -sm)" = "Linux x86_64" ]; then extras+=(cuda-compile); fi
  stamp="$(dirname "$BIN")/diffusiontalker-tests.json"
  what="$("$PYTHON" tests/install_stamp.py ask "$stamp" "${extras[@]}")"
  if [ -z "$fast" ] && [ "$what" = package ]; then what=all; fi
}

# What the C++ tests need to compile, and then the rest in a process beside that: it loads and unpacks with one core.
install_requirements() {
  if [ "$what" != all ]; then return; fi
  if [ -n "${DT_LOCK:-}" ]; then
    pip_install --require-hashes -r "$DT_LOCK"
    return
  fi
  "$PYTHON" tests/install_stamp.py build-requirements >"$scratch/build.txt"
  "$PYTHON" tests/install_stamp.py requirements "${extras[@]}" >"$scratch/all.txt"
  grep -E '^nvidia-' "$scratch/all.txt" >>"$scratch/build.txt" || true
  pip_install -r "$scratch/build.txt"
  pip_install -r "$scratch/all.txt" >"$scratch/pip.log" 2>&1 &
  requirements=$!
}

# Without pip's isolated build, sources have the flags that they have in the C++ tests, and ccache compiles them once.
install_package() {
  if [ -n "$requirements" ]; then
    wait "$requirements" || { cat "$scratch/pip.log" >&2; exit 1; }
    requirements=""
  fi
  if [ "$what" = nothing ]; then echo "The environment has it already."; return; fi
  pip_install --no-build-isolation --no-deps --force-reinstall .
  "$PYTHON" tests/install_stamp.py write "$stamp" "${extras[@]}"
}

# Without --no-compile pip would translate every file of torch and others, used or not.
pip_install() {
  DT_BUILD_DIR="$PWD/build/package" CMAKE_ARGS="$cmake_args" "$PYTHON" -m pip install --quiet --no-compile "$@"
}

build_cpp() {
  if [ -z "$fast" ] || [ ! -f "$build/CMakeCache.txt" ]; then
    install_gtest
    cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DDT_BUILD_TESTS=ON $cmake_args \
      -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DPython_EXECUTABLE="$PYTHON"
  fi
  cmake --build "$build" --parallel "$jobs"
}

validator() {
  npm install --silent --no-audit --no-fund --prefix build/node gltf-validator@2.0.0-dev.3.10
}

abi() {
  if command -v abidw >/dev/null && command -v abidiff >/dev/null; then
    part "C ABI against the committed dump" bash tests/abi.sh "$DT_TEST_BUILD/csrc/api/libdiffusiontalker.so"
  else
    echo "abidw and abidiff are not here (Debian: abigail-tools): the C ABI is not compared"
  fi
}

# python_tests NAME WORDS..: a part of the Python tests. Each is a process of its own: training, signals and OpenVINO in
# one long process have crashed it once.
python_tests() {
  local name="$1"
  shift
  if [ -n "$fast" ]; then set -- "$@" -m "not slow" -q; fi
  part "Python tests: $name" "$PYTHON" -m pytest -rs "$@"
}

ask_what_to_install
timed "What the C++ tests need" install_requirements
timed "Compiling the C++ tests, while the other requirements are installed" build_cpp
timed "Package" install_package
DT_TEST_BUILD="$(cd "$build" && pwd)"
export DT_TEST_BUILD
if command -v npm >/dev/null; then
  if [ -z "$fast" ] || [ ! -d build/node/node_modules ]; then timed "Khronos glTF validator" validator; fi
  export NODE_PATH="$PWD/build/node/node_modules"
else
  echo "npm is not here: the Khronos validator's tests are skipped"
fi

if [ "$#" -gt 0 ]; then
  if [ -n "$fast" ]; then set -- "$@" -m "not slow"; fi
  timed "Formatting and types" bash tests/lint.sh
  timed "C++ tests" ctest --test-dir "$build" --output-on-failure --parallel "$jobs" ${fast:+--label-exclude slow}
  timed "Python tests" "$PYTHON" -m pytest -rs "$@"
  exit
fi

chain=tests/py_training/test_end_to_end.py
if [ -n "$fast" ]; then
  python_tests "quick ones of training" tests/py_training # one process, which imports PyTorch once
else
  python_tests "the whole chain" "$chain"
  python_tests "training, a to e" tests/py_training --ignore "$chain" --ignore-glob '*/test_[f-z]*'
  python_tests "training, f to z" tests/py_training --ignore-glob '*/test_[a-e]*' --ignore-glob '*/test_loop*.py'
fi
python_tests "package, a to d" tests/py_pkg/test_[a-d]*.py
python_tests "package, e to z" tests/py_pkg --ignore-glob '*/test_[a-d]*'
python_tests "documentation" tests/docs
part "C++ tests" ctest --test-dir "$build" --output-on-failure ${fast:+--label-exclude slow}
if [ -z "$fast" ]; then python_tests "training loop" tests/py_training/test_loop*.py; fi
python_tests "engines" tests/py_trt_build
if [ -z "$fast" ]; then python_tests "examples" tests/examples; fi
part "Formatting and types" bash tests/lint.sh
if [ -z "$fast" ]; then abi; part "C++ faults that warnings miss, in what differs from main" bash tests/tidy.sh; fi
python_tests "structure and kernels" tests/structure tests/kernels
step "Parts, $jobs at a time: $(wc -l <"$parts")"
"$PYTHON" tests/run_parts.py --jobs "$jobs" --times "$times" <"$parts"
