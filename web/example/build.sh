#!/usr/bin/env bash
# Builds the example page into a folder that any web server can serve: bash web/example/build.sh [FOLDER]
# FOLDER is build/page otherwise. Needs the package (bash web/build.sh) and the command diffusiontalker, which makes the
# head.
set -euo pipefail
cd "$(dirname "$0")/.."
root="$(cd .. && pwd)"
target="$(mkdir -p "${1:-$root/build/page}" && cd "${1:-$root/build/page}" && pwd)"

if [ ! -f dist/index.js ]; then
  echo "error: the package is not built: run bash web/build.sh first" >&2
  exit 1
fi
if ! command -v diffusiontalker >/dev/null; then
  echo "error: diffusiontalker is not here: python3 -m pip install . and activate its environment" >&2
  exit 1
fi
npx tsc -p example
npx esbuild example/main.ts dist/worker.js dist/microphone-worklet.js --bundle --format=esm --minify --target=es2022 \
  --entry-names='[name]' --outdir="$target/app" --log-level=warning
mkdir -p "$target/models"
cp dist/diffusiontalker.wasm "$target/app/"
cp models/base-2step.dtb "$target/models/"
cp example/index.html example/style.css example/offline.js "$root/examples/speech.wav" "$target/"
diffusiontalker animate "$root/examples/speech.wav" -o "$target/head.glb" --force --quiet
echo "$target: serve it, for example with python3 -m http.server -d '$target'"
