#!/usr/bin/env bash
# Everything that needs an NVIDIA GPU, in steps of less than ten minutes each:
#   bash tests/gpu/run.sh OUT            all steps
#   bash tests/gpu/run.sh OUT STEP...    some of: build kernels loop soak faults sanitizer bench engines torch
# OUT gets a JSON file of every step and summary.json. Needs nvcc, CMake, GoogleTest and nlohmann/json.hpp; what
# else is there is used:
#   TENSORRT_ROOT or TENSORRT_INCLUDE_DIR, TENSORRT_LIBRARY   the TensorRT backend is built and tested
#   DT_TEST_BUNDLE     a bundle folder (default: the built-in one)
#   DT_TEST_ENGINES    a folder of its engines (diffusiontalker engine build); without it `engines` is skipped
#   DT_CUDA_ARCH       architectures to build, default: that of the GPU
#   DT_GPU_BUILD       build folder, default: build/gpu
#   DT_CMAKE_ARGS      more words for cmake, such as -DGTest_DIR=..
# Exit status: 0; 1 when a step failed; 3 when there is no GPU: then nothing was run.
set -uo pipefail
cd "$(dirname "$0")/../.."
if [ "$#" -lt 1 ]; then
  sed -n '2,15p' "$0"
  exit 2
fi
mkdir -p "$1" && out="$(cd "$1" && pwd)" || exit 2
shift
steps=("$@")
[ "${#steps[@]}" -gt 0 ] || steps=(build kernels loop soak faults sanitizer bench engines torch)

if ! nvidia-smi -L 2>/dev/null | grep -q "^GPU"; then
  echo "no GPU: nothing was run"
  exit 3
fi
build="${DT_GPU_BUILD:-build/gpu}"
bundle="${DT_TEST_BUNDLE:-python/diffusiontalker/bundles/base}"
export DT_TEST_BUNDLE="$bundle" CUDA_MODULE_LOADING=LAZY
arch="${DT_CUDA_ARCH:-$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d .)}"
PYTHON="${PYTHON:-python3}"

gtest() {  # gtest NAME PROGRAM [arguments]: its report goes to OUT/NAME.json
  local name="$1"
  shift
  timeout 580 "$@" "--gtest_output=json:$out/$name.json"
}

step_build() {
  local args=(-S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DDT_BUILD_TESTS=ON -DDT_WITH_OPENVINO=OFF -DDT_WITH_CUDA=ON)
  args+=("-DCMAKE_CUDA_ARCHITECTURES=$arch")
  [ -n "${TENSORRT_ROOT:-}" ] && args+=("-DTENSORRT_ROOT=$TENSORRT_ROOT")
  [ -n "${TENSORRT_INCLUDE_DIR:-}" ] && args+=("-DTENSORRT_INCLUDE_DIR=$TENSORRT_INCLUDE_DIR")
  [ -n "${TENSORRT_LIBRARY:-}" ] && args+=("-DTENSORRT_LIBRARY=$TENSORRT_LIBRARY")
  # shellcheck disable=SC2086
  timeout 580 cmake "${args[@]}" ${DT_CMAKE_ARGS:-} &&
    timeout 580 cmake --build "$build" --parallel --target dt_kernel_tests dt_gpu_tests dt_cuda_tests dt_gpu_bench
}

step_kernels() {
  local seed result=0
  for seed in 1 2 3; do
    DT_TEST_SEED=$seed gtest "kernels-$seed" "$build/tests/kernels/dt_kernel_tests" || result=1
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
  local tool
  for tool in memcheck racecheck; do
    timeout 280 compute-sanitizer --tool "$tool" --error-exitcode 1 "$build/tests/kernels/dt_kernel_tests" \
      "--gtest_filter=*cuda*" >"$out/sanitizer-$tool.txt" 2>&1 || { tail -20 "$out/sanitizer-$tool.txt"; return 1; }
  done
}

step_bench() {
  timeout 300 "$build/tests/gpu/dt_gpu_bench" "$out/bench-toy.json" || return 1
  [ -n "${DT_TEST_ENGINES:-}" ] || return 0
  timeout 280 "$build/tests/gpu/dt_gpu_bench" "$out/bench.json" "$bundle" "$DT_TEST_ENGINES" "${DT_TEST_PRECISION:-f16}"
}

step_engines() {
  [ -n "${DT_TEST_ENGINES:-}" ] || { echo "DT_TEST_ENGINES is not set"; return 77; }
  gtest engines "$build/tests/gpu/dt_cuda_tests" "--gtest_filter=Trt.*"
}

step_torch() {
  "$PYTHON" -c "import torch" 2>/dev/null || { echo "no torch"; return 77; }
  PYTHONPATH=.:python timeout 580 "$PYTHON" -m diffusiontalker bench --scenario hop --bundle "$bundle" --json >"$out/torch.json"
}

result=0 rows=()
for step in "${steps[@]}"; do
  if ! declare -F "step_$step" >/dev/null; then
    echo "there is no step $step"
    exit 2
  fi
  echo "== $step"
  start=$SECONDS
  "step_$step"
  status=$?
  case $status in
    0) verdict=passed ;;
    77) verdict=skipped ;;
    124) verdict="out of time" ;;
    *) verdict=failed ;;
  esac
  [ "$verdict" = passed ] || [ "$verdict" = skipped ] || result=1
  echo "== $step: $verdict after $((SECONDS - start)) s"
  rows+=("{\"step\": \"$step\", \"verdict\": \"$verdict\", \"seconds\": $((SECONDS - start))}")
done
gpu="$(nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv,noheader | head -1)"
{
  printf '{"gpu": "%s", "commit": "%s", "steps": [\n' "$gpu" "$(git rev-parse HEAD 2>/dev/null)"
  for i in "${!rows[@]}"; do
    printf ' %s%s\n' "${rows[$i]}" "$([ "$i" -lt $((${#rows[@]} - 1)) ] && echo ,)"
  done
  echo "]}"
} >"$out/summary.json"
exit $result
