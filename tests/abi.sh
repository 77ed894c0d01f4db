#!/usr/bin/env bash
# Compares the C ABI with a dump: bash tests/abi.sh LIBRARY [--update | DUMP]
# LIBRARY: libdiffusiontalker.so of a CMake build with -DDT_BUILD_TESTS=ON and without the Python module. The dump is
# tests/capi/abi/libdiffusiontalker.abi unless another is named; any difference fails, additions too, so that none goes
# unseen. --update writes the dump anew, after the version in dt/base.h was raised.
# Needs abidw and abidiff (Debian: abigail-tools).
set -euo pipefail
cd "$(dirname "$0")/.."
library="$1"
dump=tests/capi/abi/libdiffusiontalker.abi
fresh="$(mktemp)"
trap 'rm -f "$fresh"' EXIT
abidw --exported-interfaces-only --headers-dir csrc/include --drop-private-types --no-corpus-path --no-comp-dir-path --no-show-locs \
  --out-file "$fresh" "$library"
sed -i "s|path=.[^ ]*/csrc/|path='csrc/|" "$fresh"
if [ -n "${2:-}" ] && [ "$2" != --update ]; then dump="$2"; fi
if [ "${2:-}" = --update ]; then
  mkdir -p "$(dirname "$dump")"
  cp "$fresh" "$dump"
  echo "wrote $dump"
  exit 0
fi
# Exit bits of abidiff: 1 error, 2 usage, 4 a change, 8 an incompatible one.
result=0
abidiff "$dump" "$fresh" || result=$?
if [ $((result & 3)) -ne 0 ]; then
  echo "abidiff failed" >&2
  exit 2
fi
if [ "$result" -ne 0 ]; then
  echo "the ABI differs from $dump: raise DT_ABI_MINOR for additions (then --update), DT_ABI_MAJOR for the rest" >&2
  exit 1
fi
echo "ABI as committed"
