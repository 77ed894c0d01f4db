# Builds for Linux on i686, on Linux (Debian: g++-i686-linux-gnu and qemu-user).
set(DT_PROCESSOR i686)
set(DT_QEMU qemu-i386)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
# SSE2 in place of the old floating-point unit, whose sums have other digits.
set(CMAKE_C_FLAGS_INIT "-msse2 -mfpmath=sse")
set(CMAKE_CXX_FLAGS_INIT "-msse2 -mfpmath=sse")
