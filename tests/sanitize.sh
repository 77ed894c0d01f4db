#!/usr/bin/env bash
# The C++ and C ABI tests under sanitizers: bash tests/sanitize.sh [thread] [address] [-s SECONDS] [-a STRIDE]
# "thread" is ThreadSanitizer, "address" AddressSanitizer with UndefinedBehaviorSanitizer; both when none is named.
# SECONDS (60): how long 16 threads call all functions at random. STRIDE: every so manieth allocation of a program's life
# fails once; 1 is all of them and takes hours, ctest has every 97th. Needs GoogleTest, like tests/run.sh.
# The OpenVINO backend stays out: its libraries are not instrumented, and would report races that are none.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=60 sweep=0 kinds=()
while [ "$#" -gt 0 ]; do
  case "$1" in
    -s) seconds="$2"; shift ;;
    -a) sweep="$2"; shift ;;
    thread | address) kinds+=("$1") ;;
    *) echo "usage: bash tests/sanitize.sh [thread] [address] [-s SECONDS] [-a STRIDE]" >&2; exit 2 ;;
  esac
  shift
done
if [ "${#kinds[@]}" -eq 0 ]; then kinds=(thread address); fi
python="${PYTHON:-python3}"
tiny="$(mktemp -d)"
trap 'rm -rf "$tiny"' EXIT
PYTHONPATH=python:tests "$python" tests/bundles.py "$tiny/tiny"

for kind in "${kinds[@]}"; do
  flags="-fsanitize=$kind"
  if [ "$kind" = address ]; then flags="-fsanitize=address,undefined -fno-sanitize-recover=all"; fi
  build="${DT_SANITIZE_BUILD:-build/sanitize}-$kind"
  flags+=" -O1 -g1 -fno-omit-frame-pointer"
  cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Sanitize -DDT_BUILD_TESTS=ON -DDT_WITH_OPENVINO=OFF -DDT_SANITIZE="$kind" \
    -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" -DPython_EXECUTABLE="$(command -v "$python")" \
    -DDT_TEST_BUNDLE="$tiny/tiny" -DDT_TEST_BUNDLE_IS_SMALL=ON ${DT_SANITIZE_CMAKE:-}
  cmake --build "$build" --parallel "${DT_JOBS:-$(nproc)}"
  export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1" UBSAN_OPTIONS="print_stacktrace=1"
  ctest --test-dir "$build" --output-on-failure
  "$build/tests/capi/dt_capi_threads" "$tiny/tiny" "$seconds" 16
  if [ "$kind" = address ] && [ "$sweep" -gt 0 ]; then
    for backend in reference cpu; do
      "$build/tests/capi/dt_capi_allocation_failures" "$tiny/tiny" "$sweep" "$backend"
    done
  fi
done
echo "Clean under: ${kinds[*]}"
