#!/usr/bin/env bash
# Builds the npm package `diffusiontalker` into web/dist and web/models: bash web/build.sh [--core]
# Needs Emscripten 3.1.6 or later (Debian: apt install emscripten), CMake, Ninja or make, Python 3 and Node 20.
# --core builds the WebAssembly module alone. DT_WEB_BUILD is CMake's folder, build/web otherwise.
set -euo pipefail
cd "$(dirname "$0")"
root="$(cd .. && pwd)"
build="${DT_WEB_BUILD:-$root/build/web}"

if ! command -v emcmake >/dev/null; then
  echo "error: emcmake is not here: install Emscripten (Debian, Ubuntu: apt install emscripten)" >&2
  exit 1
fi

# nlohmann/json.hpp lies outside of what Emscripten looks through: in the Python environment, or in the system.
json_folder() {
  python3 -c "import importlib.util as u; s = u.find_spec('nlohmann_json'); print(list(s.submodule_search_locations)[0] + '/include' if s else '/usr/include')"
}

core() {
  local json="${DT_NLOHMANN_JSON_INCLUDE_DIR:-$(json_folder)}"
  if [ ! -f "$json/nlohmann/json.hpp" ]; then
    echo "error: nlohmann/json.hpp is not here: python3 -m pip install nlohmann-json, or apt install nlohmann-json3-dev" >&2
    exit 1
  fi
  mkdir -p "$build/json"
  cp -r "$json/nlohmann" "$build/json/"
  # Debian's Emscripten looks for its JavaScript parser where Debian's Node does.
  export NODE_PATH="${NODE_PATH:-/usr/share/nodejs}"
  local flags="-msimd128 -fwasm-exceptions"
  emcmake cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DDT_WITH_OPENVINO=OFF -DDT_WITH_TENSORRT=OFF \
    -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" -DDT_HARDEN=OFF -DDT_NLOHMANN_JSON_INCLUDE_DIR="$build/json" >"$build/configure.log" ||
    { cat "$build/configure.log" >&2; exit 1; }
  cmake --build "$build" --target diffusiontalker_web --parallel "${DT_JOBS:-$(nproc)}"
  mkdir -p dist
  cp "$build/web/core/diffusiontalker.wasm" dist/
}

# The bundles of the Python package as one file each, as `diffusiontalker pack` writes them.
models() {
  mkdir -p models
  for name in base base-2step; do
    python3 pack.py "$root/python/diffusiontalker/bundles/$name" "models/$name.dtb"
  done
}

core
if [ "${1:-}" = --core ]; then exit; fi
models
cp "$root/LICENSE" "$root/THIRD-PARTY-NOTICES.md" .
npm ci --silent --no-audit --no-fund
npx tsc
ls -l dist/diffusiontalker.wasm models/*.dtb
