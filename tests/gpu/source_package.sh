# Sourced by scripts that run the Python package from the source folder, without its compiled part:
#   source_package FOLDER   makes FOLDER/diffusiontalker of links, with trt_build in it, as an installation has it
source_package() {
  rm -rf "$1/diffusiontalker"
  mkdir -p "$1/diffusiontalker"
  ln -s "$PWD"/python/diffusiontalker/* "$PWD/trt_build" "$1/diffusiontalker/"
}
