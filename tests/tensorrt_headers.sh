#!/usr/bin/env bash
# Compiles the TensorRT backend without warnings against every version of the headers that is at hand:
#   TENSORRT_HEADERS_ROOT=FOLDER bash tests/tensorrt_headers.sh
# FOLDER/<version>/include has NvInferRuntime.h of that version (the include/ folder of the public NVIDIA/TensorRT
# repository at a tag, for example). CUDA_HOME is the CUDA toolkit; JSON_INCLUDE_DIR has nlohmann/json.hpp.
# Exit status: 0, 1 when a version does not compile, 77 when there is nothing to compile against.
set -euo pipefail
cd "$(dirname "$0")/.."
root="${TENSORRT_HEADERS_ROOT:-}"
if [ -z "$root" ]; then
  echo "skipped: TENSORRT_HEADERS_ROOT is not set"
  exit 77
fi
nvcc="$(command -v nvcc || true)"
cuda="${CUDA_HOME:-${nvcc:+$(dirname "$(dirname "$(readlink -f "$nvcc")")")}}"
if [ ! -f "$cuda/include/cuda_runtime_api.h" ]; then
  echo "skipped: no CUDA toolkit (CUDA_HOME, or nvcc in PATH)"
  exit 77
fi
json="${JSON_INCLUDE_DIR:-/usr/include}"
result=0 count=0
for include in "$root"/*/include; do
  [ -f "$include/NvInferRuntime.h" ] || continue
  version="$(basename "$(dirname "$include")")"
  for rtx in "" -DDT_TENSORRT_RTX; do
    # The RTX flavour has the interface of version 11.
    if [ -n "$rtx" ] && [ "${version%%.*}" != 11 ]; then continue; fi
    count=$((count + 1))
    for source in csrc/backends/tensorrt/*.cpp; do
      if ! "${CXX:-g++}" -std=c++17 -fsyntax-only -Wall -Wextra -Werror $rtx -Icsrc -Icsrc/include \
        -isystem "$json" -isystem "$include" -isystem "$cuda/include" "$source"; then
        echo "$version $rtx: $source does not compile"
        result=1
      fi
    done
    echo "TensorRT $version $rtx: compiled"
  done
done
if [ "$count" = 0 ]; then
  echo "skipped: no include/NvInferRuntime.h in the folders of $root"
  exit 77
fi
exit "$result"
