#!/usr/bin/env bash
# Proves the chain from text to a face on one machine, with a few minutes of speech and a few hundred updates.
#   bash training/recipes/tiny.sh DATA
# DATA: an empty folder for 0.3 GB.   It needs: apt-get install wordnet-base flite espeak-ng libespeak-ng-dev
# It goes on where it stopped. The face moves with the sound, but the bundle is too short of training for use.
set -euo pipefail
cd "$(dirname "$0")/../.."
data="${1:?folder for the data}"
runs="$data/runs"
mkdir -p "$runs"
step() { echo "== $* ($SECONDS s)"; }

step "1. speech with phone times, by two synthesisers"
python -m training.corpus synthesize --engine flite --hours 0.05 --out "$data/corpus"
python -m training.corpus synthesize --engine espeak --hours 0.05 --out "$data/corpus"

step "2. clips: log-mel and the rules' motion"
python -m training.data.prepare --corpus "$data/corpus" --variants 1 --out "$data/clips"

step "3. talking identities and emotions"
python -m training.stages.personaliser --clips "$data/clips" --out "$runs/personaliser.safetensors" --steps 20

step "4. the teacher with 256 steps; its audio encoder is trained along"
python -m training.stages.teacher --clips "$data/clips" --personaliser "$runs/personaliser.safetensors" \
  --out "$runs/teacher.safetensors" --steps 300 --learning-rate 1e-3

step "5. halving to 8 steps"
python -m training.stages.distill --clips "$data/clips" --teacher "$runs/teacher.safetensors" --out "$runs/student" \
  --to 8 --updates 8 --last-updates 20

step "6. the bundle"
python -m training.export.bundle --student "$runs/student/student-8.safetensors" --name tiny --version 0.0.1 \
  --out "$data/tiny"

step "7. a face"
diffusiontalker animate examples/speech.wav --bundle "$data/tiny" -o "$data/tiny.csv" -o "$data/tiny.npz" --force
diffusiontalker render "$data/tiny.npz" --audio examples/speech.wav -o "$data/tiny.png" --force
step "done: look at $data/tiny.png"
