#!/usr/bin/env bash
# Coverage-guided fuzzing: bash tests/fuzz.sh [--keep] [TARGET SECONDS].. | --coverage TARGET..
# TARGET is one of tests/fuzz (api audio bundle cpu engines manifest onnx raster safetensors zip, and the Python ones
# py_bundle py_formats py_head py_saved py_sound), or "all". SECONDS: how long each runs. Needs clang with libFuzzer
# (Debian: clang), and GoogleTest; the Python targets need this package and atheris (pip install atheris).
# Built with AddressSanitizer and UndefinedBehaviorSanitizer, float-cast-overflow among it. An input fails that takes
# over 5 s or 500 MB; seconds are those of the clock, so that a busy machine needs DT_FUZZ_TIMEOUT=60. Failures are
# written to build/fuzz/crashes/TARGET, new inputs to build/fuzz/corpus/TARGET; with --keep the smallest set of them
# that covers as much is copied to tests/fuzz/corpus/TARGET.
# --coverage prints how many lines of the parsers the corpora alone reach, without the other tests.
set -euo pipefail
cd "$(dirname "$0")/.."
root="$PWD"
build="${DT_FUZZ_BUILD:-build/fuzz}"
python="${PYTHON:-python3}"
cpp="api audio bundle cpu engines manifest onnx raster safetensors zip" py="py_bundle py_formats py_head py_saved py_sound"
# What faces a file, or sound of a caller (of csrc).
parsers=(common/json_*.cpp core/{budget,bundle,byte_source,file_name,manifest*,safetensors,zip_source}.cpp
  backends/gpu/engine_set*.cpp backends/reference/{network_*,onnx_*,op,ops_*,proto_reader,tensor}.cpp
  backends/cpu/{fuse*,lower*,static_graph,view,weights}.cpp audio/{downmix,log_mel,mix,resampler}.cpp
  raster/raster_check.cpp)
limits="-timeout=${DT_FUZZ_TIMEOUT:-5} -rss_limit_mb=500 -malloc_limit_mb=500"
usage() { sed -n 2,10p "$root/tests/fuzz.sh" | cut -c3-; exit 2; }

keep="" coverage=""
case "${1:-}" in
  --keep) keep=1; shift ;;
  --coverage) coverage=1; shift ;;
esac
if [ "$#" -eq 0 ]; then usage; fi

# configure KIND FLAGS
configure() {
  local flags="$2 -O1 -g1 -fno-omit-frame-pointer"
  cmake -S . -B "$build/$1" -DCMAKE_BUILD_TYPE=Fuzz -DDT_BUILD_TESTS=ON -DDT_WITH_OPENVINO=OFF -DDT_SANITIZE=fuzz -DDT_FUZZ=ON \
    -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" \
    -DPython_EXECUTABLE="$(command -v "$python")" >"$build/$1.log" || { cat "$build/$1.log" >&2; exit 1; }
}

# compile KIND TARGETS..
compile() {
  local kind="$1" flags="-fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize-recover=all"
  shift
  mkdir -p "$build"
  if [ "$kind" = coverage ]; then flags="-fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping"; fi
  configure "$kind" "$flags"
  cmake --build "$build/$kind" --parallel "${DT_JOBS:-$(nproc)}" --target "${@/#/fuzz_}" >>"$build/$kind.log" ||
    { tail -50 "$build/$kind.log" >&2; exit 1; }
}

# options TARGET: dictionary and longest input
options() {
  case "$1" in
    manifest | engines) echo "-dict=tests/fuzz/json.dict -max_len=20000" ;;
    safetensors) echo "-dict=tests/fuzz/json.dict -max_len=4096" ;;
    onnx) echo "-dict=tests/fuzz/onnx.dict -max_len=16384" ;;
    zip) echo "-max_len=32768" ;;
    py_head) echo "-dict=tests/fuzz/json.dict -max_len=20000" ;;
    py_*) echo "-max_len=20000" ;;
    *) echo "-max_len=1500" ;;
  esac
}

# program TARGET: what runs it
program() {
  case "$1" in
    py_*) echo "env PYTHONPATH=tests $python tests/fuzz/$1.py" ;;
    *) echo "$build/address/tests/fuzz/fuzz_$1" ;;
  esac
}

run() {
  local target="$1" seconds="$2" new="$build/corpus/$1" found="$build/crashes/$1" log="$build/$1.log"
  case " $cpp $py " in *" $target "*) ;; *) usage ;; esac
  case "$target" in py_*) ;; *) compile address "$target" ;; esac
  mkdir -p "$new" "$found"
  export UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1
  # shellcheck disable=SC2046,SC2086
  if ! $(program "$target") "$new" "tests/fuzz/corpus/$target" $(options "$target") $limits \
    -max_total_time="$seconds" -artifact_prefix="$found/" -print_final_stats=1 >"$log" 2>&1; then
    grep -a -m 3 -E "FAULT|ERROR|SUMMARY|Exception" "$log" >&2 || tail -5 "$log" >&2
    echo "$target failed: the input is in $found, the report in $log" >&2
    return 1
  fi
  local executed
  executed="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  echo "$target: clean for $seconds s, $executed inputs, $(find "$new" -type f | wc -l) kept, peak $(sed -n 's/^stat::peak_rss_mb: *//p' "$log") MB"
  if [ -n "$keep" ]; then
    local merged
    merged="$(mktemp -d)"
    # shellcheck disable=SC2046
    $(program "$target") -merge=1 $(options "$target") "$merged" "tests/fuzz/corpus/$target" "$new" >>"$log" 2>&1
    "$python" tests/fuzz/keep.py "$merged" "tests/fuzz/corpus/$target"
    rm -rf "$merged"
  fi
}

if [ -n "$coverage" ]; then
  targets=("$@")
  if [ "$1" = all ]; then read -ra targets <<<"$cpp"; fi
  compile coverage "${targets[@]}"
  objects=() profiles=()
  for target in "${targets[@]}"; do
    program="$build/coverage/tests/fuzz/fuzz_$target"
    # shellcheck disable=SC2046
    LLVM_PROFILE_FILE="$build/$target.profraw" "$program" -runs=0 $(options "$target") "tests/fuzz/corpus/$target" \
      $(find "$build/corpus/$target" -maxdepth 0 2>/dev/null) >/dev/null 2>&1
    profiles+=("$build/$target.profraw") objects+=(-object "$program")
  done
  llvm-profdata merge -o "$build/coverage.profdata" "${profiles[@]}"
  sources=()
  for path in "${parsers[@]}"; do sources+=("$root"/csrc/$path); done
  llvm-cov report "${objects[@]:1}" -instr-profile="$build/coverage.profdata" \
    -show-functions=false -show-region-summary=false -show-branch-summary=false -use-color=false "${sources[@]}"
  exit
fi

result=0
while [ "$#" -gt 0 ]; do
  if [ "$#" -lt 2 ]; then usage; fi
  targets=("$1")
  if [ "$1" = all ]; then read -ra targets <<<"$cpp $py"; fi
  for target in "${targets[@]}"; do run "$target" "$2" || result=1; done
  shift 2
done
exit "$result"
