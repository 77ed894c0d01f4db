#!/usr/bin/env bash
# TensorRT 8.6 for a GPU machine that has no network, from PyPI, whose wheels of newer versions are placeholders:
#   bash tests/gpu/tensorrt8.sh pack FOLDER [MIB]       where there is network: FOLDER/pieces of at most MIB (default 60)
#   bash tests/gpu/tensorrt8.sh unpack PIECES TARGET    on the GPU machine: TARGET/lib, TARGET/python
# TARGET/python is a Python 3.10, the newest that these wheels are for, with tensorrt, onnx and PyCUDA: it builds engines
# (`TARGET/python -m diffusiontalker engine build`) and compares them (`-m benchmarks.verify --reference`), from the root
# of a checkout. TARGET/lib is for LD_LIBRARY_PATH of a backend that was compiled against the headers of 8.6, which no registry carries.
# pack: 340 MB in pieces, 20 minutes on two cores and 6 GB of memory; what it has done it does not do again. Needs xz,
# gcc, curl, and a Python 3.10 with a shared library (PYTHON310); with nvcc in PATH, PyCUDA too.
set -euo pipefail

pack() {
  local out="$1" mib="${2:-60}" python="${PYTHON310:-python3.10}" prefix file
  mkdir -p "$out/wheels" "$out/whole/lib" "$out/pieces"
  out="$(cd "$out" && pwd)"
  prefix="$("$python" -c 'import sys; print(sys.base_prefix)')"
  cd "$out"
  "$python" -m pip download --quiet --no-deps --only-binary=:all: -d wheels tensorrt==8.6.0 tensorrt-lean==8.6.0
  for file in wheels/*.whl; do "$python" -m zipfile -e "$file" unpacked; done
  # A wide dictionary, because kernels repeat each other: 256 MB instead of 421.
  compress unpacked/tensorrt/libnvinfer_builder_resource.so.8.6.0 --lzma2=preset=6,dict=512MiB &
  compress unpacked/tensorrt/libnvinfer.so.8 --x86 --lzma2=preset=6,dict=128MiB
  for file in libnvonnxparser.so.8 libnvparsers.so.8 tensorrt.so; do compress "unpacked/tensorrt/$file" -6; done
  compress unpacked/tensorrt_lean/libnvinfer_lean.so.8 -6
  cp unpacked/tensorrt/__init__.py whole/lib/
  # The parser takes one function of the plugin library, which wants cuBLAS and cuDNN: our graphs have no plugins.
  echo 'int initLibNvInferPlugins(void* log, const char* space) { (void)log; (void)space; return 1; }' |
    gcc -shared -fPIC -Wl,-soname,libnvinfer_plugin.so.8 -x c - -o whole/lib/libnvinfer_plugin.so.8
  [ -f whole/python310.tar.xz ] || pack_python "$python" "$prefix"
  wait
  [ -f whole/lib/libnvinfer_builder_resource.so.8.6.0.xz ] || { echo "error: the builder was not packed" >&2; exit 1; }
  rm -f pieces/*
  tar -cf - -C whole . | split -b "${mib}M" -d - pieces/piece-
  (cd pieces && sha256sum piece-* >SHA256SUMS)
  ls -l pieces
}

compress() {  # compress FILE OPTIONS of xz
  local to
  to="whole/lib/$(basename "$1").xz"
  [ -f "$to" ] && return
  xz -T1 -c "${@:2}" "$1" >"$to.part" && mv "$to.part" "$to"
}

pack_python() {
  local python="$1" prefix="$2" home=python310 packages=python310/lib/python3.10/site-packages
  rm -rf $home && mkdir -p $home/bin $home/lib
  cp "$prefix/bin/python3.10" $home/bin/
  cp -a "$prefix"/lib/libpython3.10.so* $home/lib/
  cp -a "$prefix/lib/python3.10" $home/lib/
  rm -rf $packages/* $home/lib/python3.10/{test,idlelib,lib2to3,ensurepip,config-*}
  "$python" -m pip install --quiet --target $packages "numpy<2.3" "onnx<1.18" filelock tqdm pytools platformdirs mako
  if command -v nvcc >/dev/null; then
    # In a shell of its own, so that a failure ends it there.
    if (set -e; pycuda_wheel "$python"); then
      "$python" -m pip install --quiet --no-deps --target $packages pycuda/*.whl
    else
      echo "PyCUDA was not built: engines can be built, but not compared" >&2
    fi
  fi
  find $home \( -name __pycache__ -o -name tests \) -type d -prune -exec rm -rf {} +
  tar -cf - $home | xz -T2 -6 >whole/python310.tar.xz.part
  mv whole/python310.tar.xz.part whole/python310.tar.xz
}

# Without a driver its setup finds no libcuda to link with: a library of that name is enough.
pycuda_wheel() {
  local python="$1" version=2026.1 url cuda
  cuda="$(dirname "$(dirname "$(readlink -f "$(command -v nvcc)")")")"
  compgen -G "pycuda/*.whl" >/dev/null && return
  mkdir -p pycuda/stub
  "$python" -m venv pycuda/venv || return
  pycuda/venv/bin/pip install --quiet "numpy<2.3" mako setuptools setuptools-scm wheel scikit-build-core pytools || return
  url="$(curl -fsS https://pypi.org/simple/pycuda/ | grep -o "https://[^\"#]*pycuda-$version.tar.gz" | head -1)"
  curl -fsSL "$url" | tar -xz -C pycuda || return
  echo 'void cuInit(void) {}' | gcc -shared -fPIC -Wl,-soname,libcuda.so.1 -x c - -o pycuda/stub/libcuda.so
  (
    cd "pycuda/pycuda-$version" && export PATH="$cuda/bin:$PATH"
    ../venv/bin/python configure.py --cuda-root="$cuda" --cudadrv-lib-dir=../stub --no-cuda-enable-curand &&
      ../venv/bin/pip wheel --quiet --no-build-isolation --no-deps -w .. .
  )
}

unpack() {
  local pieces target="$2"
  pieces="$(cd "$1" && pwd)"
  (cd "$pieces" && sha256sum --check --quiet SHA256SUMS)
  mkdir -p "$target/py/tensorrt"
  target="$(cd "$target" && pwd)"
  cat "$pieces"/piece-* | tar -xf - -C "$target"
  find "$target/lib" -name '*.xz' -print0 | xargs -0 -P 8 -n 1 xz -d
  tar -xJf "$target/python310.tar.xz" -C "$target" && rm "$target/python310.tar.xz"
  ln -sf libnvinfer_lean.so.8 "$target/lib/libnvinfer_lean.so.8.6.0"
  ln -sf "$target"/lib/* "$target/py/tensorrt/"
  cat >"$target/python" <<END
#!/usr/bin/env bash
# Its own libraries only: the machine's Python may be another one.
unset PYTHONSTARTUP VIRTUAL_ENV
export PYTHONHOME="$target/python310" LD_LIBRARY_PATH="$target/python310/lib:$target/lib"
. tests/gpu/source_package.sh  # from the root of a checkout
source_package build/python
export PYTHONPATH="$target/py:.:build/python" PYTHONDONTWRITEBYTECODE=1 CUDA_MODULE_LOADING=LAZY
exec "$target/python310/bin/python3.10" "\$@"
END
  chmod +x "$target/python"
  "$target/python" -c 'import tensorrt, onnx; print("tensorrt", tensorrt.__version__, "onnx", onnx.__version__)'
}

case "${1:-}:$#" in
  pack:[23]) pack "${@:2}" ;;
  unpack:3) unpack "$2" "$3" ;;
  *) sed -n '2,10p' "$0"; exit 2 ;;
esac
