#!/usr/bin/env bash
# Puts beside the wheels in FOLDER what a release says of itself: bash .github/release/describe.sh FOLDER
#   licences.md    every file of the wheel and what it depends on
#   sbom.cdx.json  the parts, as CycloneDX 1.6
#   SHA256SUMS     of all files
# The wheel for this Python on Linux is the one that is looked at: all hold the same code. Needs .github/requirements/release.txt.
set -euo pipefail
[ "$#" = 1 ] || { sed -n '2,6p' "$0"; exit 2; }
folder="$(cd "$1" && pwd)"
cd "$(dirname "$0")/../.."
python="${PYTHON:-python3}"
tag="$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')"
wheels=("$folder"/diffusiontalker-*-"$tag-$tag"-*linux*.whl)
[ -f "${wheels[0]}" ] || { echo "error: $folder has no wheel of diffusiontalker for $tag on Linux" >&2; exit 1; }
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
"$python" -m venv "$scratch/venv"
installed="$scratch/venv/bin/python"
"$installed" -m pip install --quiet --require-hashes -r .github/requirements/runtime.txt
"$installed" -m pip install --quiet --no-deps "${wheels[0]}"
PYTHONPATH=.github "$installed" -m release.licences "${wheels[0]}" --out "$folder/licences.md"
PYTHONPATH=.github "$python" -m release.sbom --python "$installed" --out "$folder/sbom.cdx.json"
cd "$folder"
rm -f SHA256SUMS
sha256sum -- * >"$scratch/sums"
mv "$scratch/sums" SHA256SUMS
echo "$folder: licences.md, sbom.cdx.json and SHA256SUMS of $(wc -l <SHA256SUMS) files"
