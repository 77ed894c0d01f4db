#!/usr/bin/env bash
# Builds the library for another system and runs it there: bash tests/ports.sh windows|aarch64|i686 [BUILD]
# It cross-compiles, installs the SDK, and builds against that and runs: the programs of tests/capi, the C examples by
# find_package, and a whole animation with the shared and with the static library. The frames must be those of Linux on
# x86-64 within 1e-4, for the backends cpu, with each of its instruction sets, and reference. BUILD (build/ports) is kept.
# DT_LINUX_SDK=FOLDER: an installed SDK of Linux on x86-64 to compare with; without it one is built too.
# Needs cmake, ninja, a Python that has numpy, onnx and nlohmann-json (pip install ".[dev]"), and of Debian or Ubuntu:
#   windows  wine64 g++-mingw-w64-x86-64-posix
#   aarch64  qemu-user g++-aarch64-linux-gnu
#   i686     g++-i686-linux-gnu                  32 bits, as WebAssembly has; it runs without an emulator
set -euo pipefail
cd "$(dirname "$0")/.."
usage() { sed -n '2,11s/^# \{0,1\}//p' tests/ports.sh >&2; exit 2; }
system="${1:-}" build="${2:-build/ports}" python="${PYTHON:-python3}"
bundle=python/diffusiontalker/bundles/base clip=examples/speech.wav all=30 part=1.0
c_flags=() link_flags=() static_flags=() # of programs for the system
case "$system" in
  windows)
    toolchain=windows-mingw cc=x86_64-w64-mingw32-gcc-posix cxx=x86_64-w64-mingw32-g++-posix suffix=.exe
    emulator=(/usr/lib/wine/wine64) packages="wine64 g++-mingw-w64-x86-64-posix" library=bin/diffusiontalker.dll
    link_flags=(-static) static_flags=(-lssp) sets="avx512 avx2 sse2 portable" reference_seconds=$all
    ;;
  aarch64)
    toolchain=linux-aarch64 cc=aarch64-linux-gnu-gcc cxx=aarch64-linux-gnu-g++ suffix=""
    emulator=(qemu-aarch64 -L /usr/aarch64-linux-gnu) packages="qemu-user g++-aarch64-linux-gnu"
    library=lib/libdiffusiontalker.so sets="neon portable" reference_seconds=$part
    ;;
  i686)
    toolchain=linux-i686 cc=i686-linux-gnu-gcc cxx=i686-linux-gnu-g++ suffix="" c_flags=(-msse2 -mfpmath=sse)
    emulator=(/usr/i686-linux-gnu/lib/ld-linux.so.2) packages=g++-i686-linux-gnu
    library=lib/libdiffusiontalker.so sets="baseline portable" reference_seconds=$all
    ;;
  *) usage ;;
esac
for program in cmake ninja "$cc" "$cxx" "${emulator[0]}"; do
  if ! command -v "$program" >/dev/null; then
    echo "error: $program is not here: apt-get install cmake ninja-build $packages" >&2
    exit 1
  fi
done
if command -v ccache >/dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER="${CMAKE_C_COMPILER_LAUNCHER:-ccache}"
  export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER:-ccache}"
fi
mkdir -p "$build"
build="$(cd "$build" && pwd)"
sdk="$build/$system/sdk" programs="$build/$system/programs"
shared=(-L"$sdk/lib" -ldiffusiontalker)
if [ "$system" = windows ]; then shared=("$sdk/lib/libdiffusiontalker.dll.a"); fi # -static passes over it by name
mkdir -p "$programs"
step() { echo; echo "== $*"; }

# install FOLDER CMAKE-OPTIONS..: builds the library, and its SDK in FOLDER/sdk.
install() {
  local folder="$1"
  shift
  cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release -DDT_WERROR=ON -DDT_WITH_OPENVINO=OFF -DDT_WITH_TENSORRT=OFF \
    -DCMAKE_INSTALL_LIBDIR=lib -DPython_EXECUTABLE="$(command -v "$python")" "$@" >"$folder.log"
  cmake --build "$folder" --parallel "${DT_JOBS:-$(nproc)}" >>"$folder.log" || { tail -40 "$folder.log" >&2; exit 1; }
  cmake --install "$folder" --prefix "$folder/sdk" --strip >>"$folder.log"
}

# run PROGRAM WORDS..: on the other system; DT_CPU_ISA goes with it.
run() {
  case "$system" in
    windows) "${emulator[@]}" "$@" | tr -d '\r' ;;
    aarch64) "${emulator[@]}" -E LD_LIBRARY_PATH="$sdk/lib" "$@" ;;
    i686) "${emulator[@]}" --library-path "$sdk/lib:/usr/i686-linux-gnu/lib" "$@" ;;
  esac
}

# compile SOURCE WORDS..: a program beside the library; prints its path.
compile() {
  local source="$1" target
  target="$programs/$(basename "${source%.*}")$suffix"
  shift
  local command=("$cc" -std=c99)
  if [ "${source##*.}" = cpp ]; then command=("$cxx" -std=c++17 -pthread); fi
  "${command[@]}" -O1 -Wall -Wextra -Werror "${c_flags[@]}" -Itests/capi -I"$sdk/include" "$source" -o "$target" "$@" \
    "${link_flags[@]}" -lm
  echo "$target"
}

# compare WHAT EXPECTED FOUND
compare() {
  local most
  most="$("$python" tests/ports/compare.py 1e-4 "$2" "$3")" || { echo "$1: differs by ${most:-?}" >&2; exit 1; }
  echo "$1: largest difference $most"
}

# expected BACKEND PROFILE SECONDS: the file of what Linux on x86-64 computes.
expected() {
  local file="$build/linux/$1-$2-$3.f32"
  LD_LIBRARY_PATH="$linux/lib" "$build/linux/frames" "$bundle" "$clip" "$file" "$1" "$2" "$3" >/dev/null
  echo "$file"
}

step "Linux on x86-64: what is to be expected"
mkdir -p "$build/linux"
linux="${DT_LINUX_SDK:-$build/linux/sdk}"
if [ -z "${DT_LINUX_SDK:-}" ]; then install "$build/linux"; fi
cc -std=c99 -O1 -Itests/capi -I"$linux/include" tests/ports/frames.c -o "$build/linux/frames" \
  -L"$linux/lib" -ldiffusiontalker -lm

step "$system: the library"
install "$build/$system" -DCMAKE_TOOLCHAIN_FILE="csrc/cmake/toolchains/$toolchain.cmake"
ls -l "$sdk/$library" "$sdk/lib/libdiffusiontalker.a" | awk '{print $5, $NF}'
if [ "$system" = windows ]; then
  cp "$sdk/$library" "$programs/"
  export WINEPREFIX="$build/wine" WINEDEBUG=-all
  if [ ! -d "$WINEPREFIX" ]; then "${emulator[@]}" wineboot -i >/dev/null 2>&1; fi
fi

step "$system: the C ABI"
PYTHONPATH=python:tests "$python" tests/bundles.py "$programs/tiny" >/dev/null
for source in animate.c arguments.c arguments_device.c arguments_stream.c clock.c structs.c wrapper.cpp wrapper_device.cpp \
  threads.cpp cycles.cpp; do
  program="$(compile "tests/capi/$source" "${shared[@]}")"
  words=()
  case "$source" in
    threads.cpp) words=(3) ;;
    cycles.cpp) words=(20) ;;
  esac
  said="$(run "$program" "$programs/tiny" "${words[@]}")" || { echo "$source failed: $said" >&2; exit 1; }
  echo "$source: ${said##*$'\n'}"
done

step "$system: the examples, by find_package"
cmake -S examples/cmake_consumer -B "$build/$system/consumer" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$sdk" \
  -DCMAKE_EXE_LINKER_FLAGS="${link_flags[*]}" \
  -DCMAKE_TOOLCHAIN_FILE="$PWD/csrc/cmake/toolchains/$toolchain.cmake" >"$build/$system/consumer.log"
cmake --build "$build/$system/consumer" >>"$build/$system/consumer.log"
for name in game_loop crowd; do
  cp "$build/$system/consumer/$name$suffix" "$programs/"
  run "$programs/$name$suffix" "$programs/tiny"
done
program="$(compile examples/animate.c "${shared[@]}")"
run "$program" "$programs/tiny" "$clip" | tail -1

step "$system: frames of $bundle"
program="$(compile tests/ports/frames.c "${shared[@]}")"
cpu="$(expected cpu live $all)"
for set in $sets; do
  export DT_CPU_ISA="$set"
  if ! run "$program" "$bundle" "$clip" "$programs/$set.f32" cpu live $all >"$programs/frames.log" 2>&1; then
    grep -q "this processor and this build have" "$programs/frames.log" || { cat "$programs/frames.log" >&2; exit 1; }
    echo "cpu, $set: not here"
    continue
  fi
  compare "cpu, $set, live" "$cpu" "$programs/$set.f32"
done
unset DT_CPU_ISA
run "$program" "$bundle" "$clip" "$programs/frames.f32" cpu offline $all
compare "cpu, offline" "$(expected cpu offline $all)" "$programs/frames.f32"
run "$program" "$bundle" "$clip" "$programs/frames.f32" reference live "$reference_seconds"
compare "reference, live" "$(expected reference live "$reference_seconds")" "$programs/frames.f32"

step "$system: the static library alone"
c_flags+=(-DDT_STATIC)
mv "$programs/$(basename "$library")" "$programs/hidden" 2>/dev/null || true
program="$(compile tests/ports/frames.c "$sdk/lib/libdiffusiontalker.a" -lstdc++ -lpthread "${static_flags[@]}")"
run "$program" "$bundle" "$clip" "$programs/static.f32" cpu live $all
compare "cpu, live, static" "$cpu" "$programs/static.f32"
echo
echo "$system: everything passed."
