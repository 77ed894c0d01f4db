#!/usr/bin/env bash
# clang-tidy with the checks of .clang-tidy: bash tests/tidy.sh [--all | FILE...]
# Without words it reads the sources of csrc that differ from the branch main, committed or not. --all reads every one.
# Headers are read with the sources that include them. Needs clang-tidy (pip install clang-tidy), and a configured build:
# build/tests, which `bash tests/run.sh` makes, or the folder that DT_TEST_BUILD names.
set -euo pipefail
cd "$(dirname "$0")/.."
build="${DT_TEST_BUILD:-build/tests}"
jobs="${DT_JOBS:-$(nproc 2>/dev/null || echo 2)}"

if ! command -v clang-tidy >/dev/null; then
  echo "error: clang-tidy is not here: pip install clang-tidy" >&2
  exit 1
fi
if [ ! -f "$build/compile_commands.json" ]; then
  echo "error: $build has no compile_commands.json:" \
    "run cmake -S . -B $build -DDT_BUILD_TESTS=ON -DCMAKE_EXPORT_COMPILE_COMMANDS=ON first" >&2
  exit 1
fi

sources() {
  if [ "$#" -gt 0 ] && [ "$1" != --all ]; then
    printf '%s\n' "$@"
  elif [ "$#" -gt 0 ]; then
    git ls-files 'csrc/*.cpp'
  else
    local base
    base="$(git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)"
    git diff --name-only --diff-filter=d "$base" -- 'csrc/*.cpp'
    git ls-files --others --exclude-standard -- 'csrc/*.cpp'
  fi
}

# Sources of a unity build are read with the file that includes them. What this build does not compile, such as the
# module for TensorRT without its headers, has no command to read.
compiled=() skipped=()
while read -r file; do
  if grep -qF "/$file\"" "$build/compile_commands.json"; then
    compiled+=("$file")
  elif unity="$(grep -rlF "/$file\"" "$build" --include='unity_*_cxx.cxx' | head -n 1)" && [ -n "$unity" ]; then
    if [[ " ${compiled[*]-} " != *" $unity "* ]]; then compiled+=("$unity"); fi
  else
    skipped+=("$file")
  fi
done < <(sources "$@" | sort -u)
if [ "${#skipped[@]}" -gt 0 ]; then echo "not compiled by $build, so not read: ${skipped[*]}"; fi
if [ "${#compiled[@]}" -eq 0 ]; then
  echo "nothing to read"
  exit 0
fi
printf '%s\0' "${compiled[@]}" | xargs -0 -n 1 -P "$jobs" clang-tidy --config-file=.clang-tidy -p "$build" --quiet
echo "clean: ${#compiled[@]} files"
