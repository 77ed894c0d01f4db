#!/usr/bin/env bash
# Everything that needs an NVIDIA GPU, in steps of less than ten minutes each:
#   bash tests/gpu/run.sh OUT            all steps
#   bash tests/gpu/run.sh OUT STEP...    some of: build kernels loop plans bench torch engines verify soak faults sanitizer
# OUT gets two files: results.json, written anew after every step (`python3 tests/gpu/results.py table OUT/results.json`
# prints it), and log.txt. Needs nvcc, a C++ compiler, CMake 3.20 and Python 3.10; no network. What else is there is used:
#   DT_GPU_KIT         folder of kit.sh with GoogleTest and nlohmann/json, where they are not installed (build/kit)
#   TENSORRT_ROOT or TENSORRT_INCLUDE_DIR, TENSORRT_LIBRARY   the TensorRT backend is built and tested
#   DT_TEST_BUNDLE     a bundle folder (default: the built-in one)
#   DT_TEST_ENGINES    a folder of its engines (diffusiontalker engine build); without it `engines` is skipped, unless
#                      `plans` has built them
#   DT_TENSORRT8       a folder that `tensorrt8.sh unpack` made: `plans` builds engines with it, `verify` compares them
#   DT_PLANS           more words for that build, such as --profile live --batches 1,256
#   DT_VERIFY_REFERENCE  file of `python -m benchmarks.verify BUNDLE --audio FILE --save FILE`, for `verify`
#   DT_CUDA_ARCH       architectures to build, default: that of the GPU
#   DT_GPU_BUILD       build folder, default: build/gpu
#   DT_GPU_SECONDS     end within this many seconds: later steps are given less, or not started
#   DT_CMAKE_ARGS      more words for cmake
# PyTorch with onnx and safetensors: `torch`. compute-sanitizer: `sanitizer`.
# Exit status: 0; 1 when a step failed; 2 when something is missing; 3 when there is no GPU: then nothing was run.
set -uo pipefail
cd "$(dirname "$0")/../.."
if [ "$#" -lt 1 ]; then
  sed -n '2,20p' "$0"
  exit 2
fi
mkdir -p "$1" && out="$(cd "$1" && pwd)" || exit 2
shift
steps=("$@")
[ "${#steps[@]}" -gt 0 ] || steps=(build kernels loop plans bench torch engines verify soak faults sanitizer)

if ! nvidia-smi -L 2>/dev/null | grep -q "^GPU"; then
  echo "no GPU: nothing was run"
  exit 3
fi
for folder in "${CUDA_HOME:-/usr/local/cuda}/bin" /usr/local/cuda-*/bin; do
  command -v nvcc >/dev/null || PATH="$PATH:$folder"
done
PYTHON="${PYTHON:-python3}"
for tool in nvcc cmake "$PYTHON"; do
  command -v "$tool" >/dev/null || { echo "no $tool: nothing was run"; exit 2; }
done
build="${DT_GPU_BUILD:-build/gpu}"
bundle="${DT_TEST_BUNDLE:-python/diffusiontalker/bundles/base}"
. tests/gpu/source_package.sh
source_package build/python
export DT_TEST_BUNDLE="$bundle" CUDA_MODULE_LOADING=LAZY PYTHONPATH=".:$PWD/build/python${PYTHONPATH:+:$PYTHONPATH}"
arch="${DT_CUDA_ARCH:-$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d '. ')}"
kit="${DT_GPU_KIT:-build/kit}"
[ -d "$kit" ] && kit="$(cd "$kit" && pwd)" || kit=""
jobs="$(nproc)"
engines="${DT_TEST_ENGINES:-$build/engines}"
precision="${DT_TEST_PRECISION:-f16}"
[ -z "${DT_TENSORRT8:-}" ] || export LD_LIBRARY_PATH="$DT_TENSORRT8/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

not_built() { echo "it needs the programs of the build, which failed"; return 77; }

# limited SECONDS COMMAND..: ended after that time, or when DT_GPU_SECONDS are over.
limited() {
  local most="$1" left
  shift
  if [ -n "${DT_GPU_SECONDS:-}" ]; then
    left=$((DT_GPU_SECONDS - SECONDS))
    [ "$left" -ge 5 ] || return 124
    [ "$left" -ge "$most" ] || most="$left"
  fi
  timeout --kill-after=5 "$most" "$@"
}

gtest() {  # gtest NAME PROGRAM [arguments]: its report goes to PARTS/NAME.json
  local name="$1"
  shift
  limited 500 "$@" "--gtest_output=json:$parts/$name.json" --gtest_brief=1
}

step_build() {
  local args=(-S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DDT_BUILD_TESTS=ON -DDT_WITH_OPENVINO=OFF -DDT_WITH_CUDA=ON)
  # Not while it is built: the first start of a program on a fresh GPU takes longer than CMake waits.
  args+=("-DCMAKE_CUDA_ARCHITECTURES=$arch" -DCMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE=PRE_TEST)
  command -v ninja >/dev/null && export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}"
  if [ -n "$kit" ]; then
    limited 120 cmake -S "$kit/googletest" -B "$build/googletest" -DCMAKE_BUILD_TYPE=Release \
      -DCMAKE_INSTALL_PREFIX="$PWD/$build/installed" -DCMAKE_CXX_STANDARD=17 -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_GMOCK=OFF >/dev/null &&
      limited 300 cmake --build "$build/googletest" --parallel "$jobs" --target install >/dev/null || return
    args+=("-DGTest_ROOT=$PWD/$build/installed" "-DDT_NLOHMANN_JSON_INCLUDE_DIR=$kit")
  fi
  [ -n "${TENSORRT_ROOT:-}" ] && args+=("-DTENSORRT_ROOT=$TENSORRT_ROOT")
  [ -n "${TENSORRT_INCLUDE_DIR:-}" ] && args+=("-DTENSORRT_INCLUDE_DIR=$TENSORRT_INCLUDE_DIR")
  [ -n "${TENSORRT_LIBRARY:-}" ] && args+=("-DTENSORRT_LIBRARY=$TENSORRT_LIBRARY")
  # shellcheck disable=SC2086
  limited 120 cmake "${args[@]}" ${DT_CMAKE_ARGS:-} &&
    limited 500 cmake --build "$build" --parallel "$jobs" --target dt_cuda_kernel_tests dt_cuda_tests dt_gpu_bench
}

step_kernels() {
  local seed result=0
  for seed in 1 2 3; do
    DT_TEST_SEED=$seed gtest "kernels-$seed" "$build/tests/kernels/dt_cuda_kernel_tests" || result=$?
  done
  return $result
}

step_loop() { gtest loop "$build/tests/gpu/dt_cuda_tests" "--gtest_filter=CudaLoop.*-*Soak*:*OutOfMemory*:*Lost*"; }
step_soak() { gtest soak "$build/tests/gpu/dt_cuda_tests" "--gtest_filter=CudaLoop.*Soak*"; }

step_faults() {  # a process each: a lost device takes its process with it
  gtest faults-memory "$build/tests/gpu/dt_cuda_tests" "--gtest_filter=CudaLoop.*OutOfMemory*" &&
    gtest faults-lost "$build/tests/gpu/dt_cuda_tests" "--gtest_filter=CudaLoop.*Lost*"
}

step_sanitizer() {
  command -v compute-sanitizer >/dev/null || { echo "no compute-sanitizer"; return 77; }
  # No racecheck: it looks at shared memory, and no kernel has any.
  sanitized memcheck kernels "$build/tests/kernels/dt_cuda_kernel_tests" "--gtest_filter=*cuda*" &&
    sanitized initcheck kernels "$build/tests/kernels/dt_cuda_kernel_tests" "--gtest_filter=*cuda*" &&
    sanitized memcheck loop "$build/tests/gpu/dt_cuda_tests" "--gtest_filter=CudaLoop.ReplayIsEagerBitByBit"
}

sanitized() {  # sanitized TOOL NAME PROGRAM [arguments]
  local said="$parts/$1-$2.txt" status
  limited 160 compute-sanitizer --tool "$1" --error-exitcode 1 "${@:3}" --gtest_brief=1 >"$said" 2>&1
  status=$?
  tail -20 "$said"
  grep -q "Device not supported" "$said" && { echo "it does not support this device"; return 77; }
  # With the tool in between a device that is not seen would skip every test, without an error.
  grep -q "SKIPPED" "$said" && { echo "the tests were skipped"; return 1; }
  return "$status"
}

# Whether there are engines to run. Those of `plans` are whole once their list is there, which is written last.
has_engines() { [ -f "$engines/engines.json" ]; }

step_plans() {
  [ -n "${DT_TENSORRT8:-}" ] || { echo "DT_TENSORRT8 is not set"; return 77; }
  # shellcheck disable=SC2086
  limited 500 "$DT_TENSORRT8/python" -m diffusiontalker engine build "$bundle" --library tensorrt --precision "$precision" \
    --folder "$engines" --json ${DT_PLANS:-} >"$parts/plans.json"
}

step_bench() {
  limited 300 "$build/tests/gpu/dt_gpu_bench" "$parts/bench-toy.json" || return
  has_engines || return 0
  limited 280 "$build/tests/gpu/dt_gpu_bench" "$parts/bench.json" "$bundle" "$engines" "$precision"
}

step_engines() {
  has_engines || { echo "there are no engines: set DT_TEST_ENGINES, or run plans"; return 77; }
  DT_TEST_ENGINES="$engines" DT_TEST_PRECISION="$precision" \
    gtest engines "$build/tests/gpu/dt_cuda_tests" "--gtest_filter=Trt.*"
}

step_verify() {
  if ! has_engines || [ -z "${DT_TENSORRT8:-}" ] || [ -z "${DT_VERIFY_REFERENCE:-}" ]; then
    echo "no engines, or DT_TENSORRT8 or DT_VERIFY_REFERENCE is not set"
    return 77
  fi
  limited 200 "$DT_TENSORRT8/python" -m benchmarks.verify "$bundle" --reference "$DT_VERIFY_REFERENCE" \
    --engines "$engines" --out "$parts/verify.json"
}

step_torch() {
  "$PYTHON" -c "import torch, onnx, safetensors" || { echo "no PyTorch, or no onnx or safetensors"; return 77; }
  local profile
  for profile in live offline; do
    limited 280 "$PYTHON" -m benchmarks.baselines --scenario hop --bundle "$bundle" --profile "$profile" --json \
      --quiet >"$parts/torch-$profile.json" || return
  done
}

for step in "${steps[@]}"; do
  declare -F "step_$step" >/dev/null || { echo "there is no step $step"; exit 2; }
done
result=0
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
is_built=1
for step in "${steps[@]}"; do
  echo "== $step" | tee -a "$out/log.txt"
  parts="$work/$step" start=$SECONDS
  mkdir -p "$parts"
  run="step_$step"
  # After a failed build only these can run; PyTorch's baseline is worth as much then.
  if [ -z "$is_built" ] && [[ " build plans torch " != *" $step "* ]]; then run=not_built; fi
  "$run" 2>&1 | tee "$work/said.txt" >>"$out/log.txt"  # at once: who lends the machine may end this
  status=${PIPESTATUS[0]}
  tail -40 "$work/said.txt"
  "$PYTHON" tests/gpu/results.py add "$out/results.json" "$step" "$status" "$((SECONDS - start))" "$parts" \
    "$(cat "$kit/commit" 2>/dev/null || git rev-parse HEAD 2>/dev/null)" "$work/said.txt" | tee -a "$out/log.txt" || result=1
  if [ "$step" = build ] && [ "$status" != 0 ]; then is_built=""; fi
done
exit $result
