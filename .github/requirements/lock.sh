#!/usr/bin/env bash
# Makes the locked requirements anew: bash .github/requirements/lock.sh [--upgrade]. README.md beside it says what they are for.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v uv >/dev/null || { echo "error: uv is not here: pip install uv" >&2; exit 2; }

lock() { # lock NAME SOURCE.. OPTIONS..
  local name="$1"
  shift
  uv pip compile --quiet --generate-hashes --no-annotate --python-version 3.11 \
    --custom-compile-command "bash .github/requirements/lock.sh" \
    --output-file ".github/requirements/$name.txt" "${more[@]}" "$@"
}

more=("$@")
linux=(--python-platform x86_64-manylinux_2_28)
lock tests pyproject.toml --extra dev --extra train --extra video --extra corpus --extra cuda-compile "${linux[@]}"
lock build .github/requirements/build.in "${linux[@]}"
lock runtime pyproject.toml "${linux[@]}"
lock release .github/requirements/release.in "${linux[@]}"
lock wheels .github/requirements/wheels.in --universal
