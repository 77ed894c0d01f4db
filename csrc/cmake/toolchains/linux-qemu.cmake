# For Linux on another processor, on Linux: the compilers of Debian's packages. Programs of the build run under QEMU (Debian:
# qemu-user). Set DT_PROCESSOR and DT_QEMU first.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${DT_PROCESSOR})
set(CMAKE_C_COMPILER ${DT_PROCESSOR}-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER ${DT_PROCESSOR}-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH /usr/${DT_PROCESSOR}-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR "${DT_QEMU};-L;/usr/${DT_PROCESSOR}-linux-gnu")
