#!/usr/bin/env bash
# From a fresh clone to an animation of a real recording: bash examples/quickstart.sh
# Uses the active virtual environment, or makes .venv. Writes into examples/output; running it again is fine.
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/environment.sh

echo "== Installing into $(dirname "$BIN") (compiles the C++ runtime; about two minutes on two cores)"
"$PYTHON" -m pip install --quiet ".[video]"

# Away from the sources, so that the installed package is what runs.
mkdir -p examples/output
cd examples/output
echo "== Animating examples/speech.wav"
diffusiontalker animate ../speech.wav -o speech.glb -o speech.csv -o speech.npz --force
echo "== Drawing it"
diffusiontalker render speech.npz --audio ../speech.wav -o speech.png -o speech.mp4 --force

cat <<END

Done. In $PWD:
  speech.png   a picture: the head over the recording's time
  speech.mp4   the head talking, with the sound
  speech.glb   the head with its animation; opens in Blender and every glTF viewer
  speech.csv   52 ARKit weights per frame, for Live Link Face tools
  speech.npz   the same for NumPy: weights, channels, fps, times
END

# This shell ends with the script, and with it the environment that it was active in.
if [ -z "${VIRTUAL_ENV:-}" ]; then
  echo
  echo "To go on, activate the environment in your terminal:  . .venv/bin/activate"
fi
