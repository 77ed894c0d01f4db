#!/usr/bin/env bash
# What tests/gpu/run.sh needs and a bare machine without network may lack, in one folder to take along:
#   bash tests/gpu/kit.sh [FOLDER]      default: build/kit, where run.sh looks for it
# GoogleTest's sources (Debian: googletest) and nlohmann/json's header; 3 MB.
set -euo pipefail
cd "$(dirname "$0")/../.."
kit="${1:-build/kit}"
gtest="${GTEST_SOURCE:-/usr/src/googletest}"
json="${JSON_HEADER:-/usr/include/nlohmann/json.hpp}"
if [ ! -f "$json" ]; then
  json="$("${PYTHON:-python3}" -c 'import importlib.util as u
spec = u.find_spec("nlohmann_json")
print(list(spec.submodule_search_locations)[0] + "/include/nlohmann/json.hpp" if spec else "")')"
fi
if [ ! -f "$gtest/CMakeLists.txt" ]; then
  echo "error: no sources of GoogleTest in $gtest: install googletest, or set GTEST_SOURCE" >&2
  exit 1
fi
if [ ! -f "$json" ]; then
  echo "error: no nlohmann/json.hpp: pip install nlohmann-json, or set JSON_HEADER" >&2
  exit 1
fi
rm -rf "$kit/googletest" "$kit/nlohmann"
mkdir -p "$kit/googletest/googletest" "$kit/nlohmann"
cp "$gtest/CMakeLists.txt" "$kit/googletest/"
cp -r "$gtest"/googletest/{CMakeLists.txt,cmake,include,src} "$kit/googletest/googletest/"
cp -r "$(dirname "$json")"/. "$kit/nlohmann/"
git rev-parse HEAD >"$kit/commit" 2>/dev/null || true
du -sh "$kit"
