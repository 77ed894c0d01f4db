# Builds for Linux on aarch64, on Linux (Debian: g++-aarch64-linux-gnu and qemu-user).
set(DT_PROCESSOR aarch64)
set(DT_QEMU qemu-aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
