#!/usr/bin/env bash
# Makes the bundles base and base-2step anew: speech, clips, teacher, halving, eyes and head, export.
#   bash training/recipes/base.sh DATA LIBRISPEECH
# DATA: an empty folder for 8 GB.   LIBRISPEECH: train-clean-5 of OpenSLR 31, with its transcripts.
# It goes on where it stopped. On two cores with AVX-512 and AMX: speech 30 minutes, clips 25, alignment 30, teacher 20,
# encoder 10, halving 10, lips and sides 35, eyes and head 30, enrolment 10. The networks begin with base 0.8.0, as this
# repository's history holds it; its audio encoder was trained on 60 hours of recordings (training/HISTORY.md).
set -euo pipefail
cd "$(dirname "$0")/../.."
data="${1:?folder for the data}"
librispeech="${2:?folder of LibriSpeech train-clean-5}"
begun="$data/python/diffusiontalker/bundles/base"
runs="$data/runs"
mkdir -p "$runs"
git archive 62411a9 python/diffusiontalker/bundles/base | tar x -C "$data"

# 1. speech: English by three synthesisers, eleven other languages by espeak-ng, and readers with aligned transcripts
for e in hibari:2 flite:2 espeak:1.2; do
  python -m training.corpus synthesize --engine "${e%:*}" --hours "${e#*:}" --out "$data/corpus"
done
for language in ar cmn de es fr hi it ja pt ru tr; do
  python -m training.corpus synthesize --engine espeak --language "$language" --hours 0.25 --out "$data/corpus"
done
python -m training.corpus.recorded --audio "$librispeech" --out "$data/recorded"

# 2. clips: log-mel, face and head; augmented ones with other moods, efforts, voices and music behind the speaker
prepare="python -m training.data.prepare --variants 2 --background 0.25"
for e in espeak flite hibari; do
  $prepare --corpus "$data/corpus" --engine $e --every 3 --effort 0.12 --out "$data/clips/$e"
done
$prepare --corpus "$data/recorded" --other-voices "$data/corpus/audio" --out "$data/clips/recorded"
python -m training.data.nonspeech --corpus "$data/corpus" --hours 1.6 \
  --other-voices "$data/corpus/audio" "$data/recorded/audio" --out "$data/clips/nonspeech"

# 3. the bundle's denoiser learns all 256 timesteps of the new motion, then with its audio encoder and recorded speech
spoken=("$data/clips/espeak" "$data/clips/flite" "$data/clips/hibari" "$data/clips/nonspeech")
python -m training.stages.teacher --clips "${spoken[@]}" --bundle "$begun" --out "$runs/many.safetensors" \
  --steps 2600 --learning-rate 5e-4 --closure 5 --first-step 0.4 --tied-noise 0.35 \
  --weight espeak=1 recorded=2 nonspeech=0.6
python -m training.export.bundle --student "$runs/many.safetensors" --name many --version 0.9.0 --license Apache-2.0 \
  --out "$runs/many"
all=("$data/clips/recorded" "${spoken[@]}")
drawn=(--weight recorded=2 espeak=1 nonspeech=0.5)
python -m training.stages.teacher --clips "${all[@]}" --bundle "$runs/many" --with-encoder --out "$runs/both.safetensors" \
  --steps 1300 --learning-rate 3e-4 --closure 4 --first-step 0.4 --tied-noise 0.35 "${drawn[@]}"

# 4. halving: 256 -> 128 -> .. -> 8 steps
python -m training.stages.distill --clips "${all[@]}" --teacher "$runs/both.safetensors" --out "$runs/student" --to 8 \
  --updates 50 --last-updates 180 --first-step 0.4 "${drawn[@]}"

# 5. the student learns the true motion at its own timesteps, then how the sides of a mouth drift. What goes on is a mean of
# before and after the first of the two, because most of what teaches it is synthetic
part="--name part --version 0.9.0 --license Apache-2.0"
lips="--keep-branch --enhancer 0 --sampler-steps 8 --tied-noise 0.2 --closure 8 --weight recorded=2 espeak=1 nonspeech=1.2"
python -m training.export.bundle --student "$runs/student/student-8.safetensors" $part --out "$runs/halved"
python -m training.stages.teacher --clips "${all[@]}" --bundle "$runs/halved" $lips --with-encoder --first-step 0.5 \
  --steps 1800 --learning-rate 3e-4 --out "$runs/lips.safetensors"
python -m training.export.bundle --student "$runs/lips.safetensors" --start "$runs/halved" --start-share 0.3 $part \
  --out "$runs/lips"
python -m training.stages.teacher --clips "${all[@]}" --bundle "$runs/lips" $lips --sides --first-step 0.6 \
  --steps 1900 --learning-rate 4e-4 --out "$runs/sides.safetensors"

# 6. eyes, brows and head, through samplers of 2 and of 8 steps; enrolment that does not depend on the microphone
python -m training.export.bundle --student "$runs/sides.safetensors" --timesteps 256 96 $part --out "$runs/sides-2"
python -m training.stages.upper_face --clips "${all[@]}" --student "$runs/sides-2" --out "$runs/face.safetensors" \
  --steps 2700 --frames 480 --learning-rate 8e-4 --weight recorded=1 espeak=1 nonspeech=2
python -m training.export.bundle --student "$runs/sides.safetensors" --branch "$runs/face.safetensors" $part --out "$runs/face"
python -m training.stages.upper_face --clips "${all[@]}" --student "$runs/face" --out "$runs/face-8.safetensors" \
  --steps 450 --frames 360 --learning-rate 5e-4 --weight recorded=1 espeak=1 nonspeech=2
python -m training.stages.enrolment --clips "$data/clips/recorded" "$data/clips/espeak" "$data/clips/flite" \
  --student "$begun" --out "$runs/enrolment.safetensors" --steps 1500

# 7. the bundles: one trunk, with 8 steps and with 2, and a branch for each
for bundle in "256 224 192 160 128 96 64 32:base:face-8" "256 96:base-2step:face"; do
  IFS=: read -r timesteps name branch <<<"$bundle"
  # shellcheck disable=SC2086  # timesteps are words
  python -m training.export.bundle --student "$runs/sides.safetensors" --branch "$runs/$branch.safetensors" \
    --enrolment "$runs/enrolment.safetensors" --timesteps $timesteps --name "$name" --version 1.1.1 \
    --license Apache-2.0 --card "python/diffusiontalker/bundles/$name/README.md" --out "$data/$name"
done
