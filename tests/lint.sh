#!/usr/bin/env bash
# Formatting, lint and types of all sources: bash tests/lint.sh [--fix]
# Needs the tools of the extra `dev`. --fix formats, and mends what ruff can mend.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = --fix ]; then
  ruff check --fix .
  ruff format .
else
  ruff check .
  ruff format --check .
fi
find csrc examples tests web/core benchmarks -regex '.*\.\(h\|c\|cpp\|cu\|cuh\)' -print0 |
  if [ "${1:-}" = --fix ]; then xargs -0 clang-format -i; else xargs -0 clang-format --dry-run -Werror; fi
mypy
