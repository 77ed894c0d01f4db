# Finds what the GPU parts need. Without TensorRT's headers a default build looks for no CUDA compiler at all.
#   TENSORRT_ROOT         folder of an SDK, TensorRT or TensorRT-RTX, with include/ and lib/
#   TENSORRT_INCLUDE_DIR  folder of NvInferRuntime.h, for headers that lie elsewhere
#   TENSORRT_LIBRARY      name or path of the library that the module loads at run time; default: by the headers
if(NOT DT_WITH_TENSORRT STREQUAL "OFF")
  find_path(TENSORRT_INCLUDE_DIR NvInferRuntime.h
    HINTS ${TENSORRT_ROOT} $ENV{TENSORRT_ROOT} PATH_SUFFIXES include)
endif()
set(DT_TENSORRT_FOUND OFF)
if(TENSORRT_INCLUDE_DIR AND NOT DT_WITH_TENSORRT STREQUAL "OFF")
  set(DT_TENSORRT_FOUND ON)
elseif(NOT DT_WITH_TENSORRT STREQUAL "AUTO" AND DT_WITH_TENSORRT)
  message(FATAL_ERROR "NvInferRuntime.h was not found: set TENSORRT_ROOT to an unpacked TensorRT or TensorRT-RTX, "
                      "or TENSORRT_INCLUDE_DIR to the folder of its headers")
endif()

if(DT_WITH_CUDA OR DT_TENSORRT_FOUND)
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    # Turing, Ampere (A100 is 8.0, which runs no code for 8.6), Ada, Hopper, Blackwell. PTX of the last for what comes
    # after, and of the first for the kinds between that have no code of their own (8.7, 10.3, 11.0).
    set(CMAKE_CUDA_ARCHITECTURES 75 80-real 86-real 89-real 90-real 100-real 120)
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
  elseif(DT_WITH_CUDA OR NOT DT_WITH_TENSORRT STREQUAL "AUTO")
    message(FATAL_ERROR "the GPU parts need nvcc: put it into PATH, or set CUDACXX")
  else()
    set(DT_TENSORRT_FOUND OFF)  # headers alone are not enough
  endif()
endif()
set(DT_TENSORRT_NAME "")  # the library that the module is for, as pip names it; the Python package tells it
if(DT_TENSORRT_FOUND)
  set(DT_WITH_CUDA ON)
  set(DT_TENSORRT_NAME tensorrt)
  set(version "")
  if(EXISTS "${TENSORRT_INCLUDE_DIR}/NvInferVersion.h")
    file(STRINGS "${TENSORRT_INCLUDE_DIR}/NvInferVersion.h" version REGEX "define NV_TENSORRT_MAJOR +(1|TRT_MAJOR_RTX)( |$)")
  endif()
  if(version OR TENSORRT_LIBRARY MATCHES "tensorrt_rtx")
    set(DT_TENSORRT_NAME tensorrt-rtx)
  endif()
  message(STATUS "TensorRT headers: ${TENSORRT_INCLUDE_DIR}, for ${DT_TENSORRT_NAME}")
endif()
