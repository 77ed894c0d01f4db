#!/usr/bin/env bash
# The npm package and its example page: bash tests/web.sh [node|browser|figures]
# Builds both, then compares the frames with the Python package's, in Node and in headless Chromium, and uses the page.
# `figures` measures what docs/guides/browser.md says. Pictures of the page are left in build/web-tests/pictures.
# Needs Emscripten, Node 20, npm, Chromium and the command diffusiontalker of an environment with this checkout installed.
# Where one of them is missing it says so and ends with 77: nothing was tested.
set -euo pipefail
cd "$(dirname "$0")/.."
what="${1:-all}"
work="${DT_WEB_TESTS:-$PWD/build/web-tests}"

skip() {
  echo "skipped, nothing was tested: $1" >&2
  exit 77
}

command -v emcmake >/dev/null || skip "Emscripten is not here (Debian, Ubuntu: apt install emscripten)"
command -v npm >/dev/null || skip "Node and npm are not here"
command -v diffusiontalker >/dev/null || skip "diffusiontalker is not here: install the checkout and activate its environment"
DT_CHROMIUM="$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)"
[ -n "$DT_CHROMIUM" ] || skip "Chromium is not here (Debian: apt install chromium)"
export DT_CHROMIUM

export DT_WEB_REFERENCE="$work/reference" DT_WEB_PAGE="$work/page" DT_WEB_PICTURES="$work/pictures"
bash web/build.sh
bash web/example/build.sh "$DT_WEB_PAGE"
# The Python beside the command, with the package that is installed there.
(cd tests/web && "$(dirname "$(command -v diffusiontalker)")/python" reference.py "$DT_WEB_REFERENCE")

if [ "$what" = figures ]; then
  node tests/web/figures.mjs
  exit
fi
if [ "$what" != browser ]; then node --test tests/web/node.test.mjs tests/web/three.test.mjs; fi
if [ "$what" != node ]; then node --test tests/web/browser.test.mjs; fi
