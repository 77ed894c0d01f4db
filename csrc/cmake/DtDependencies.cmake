# Finds what the build needs: first where CMake is told to look, then in the Python environment, whose wheels
# `nlohmann-json` and `openvino` carry headers and libraries.
find_package(Python COMPONENTS Interpreter QUIET)
if(DT_BUILD_PYTHON)
  find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
endif()

# Folder of an installed Python package, without importing it; empty when there is none.
function(dt_python_package_folder name result)
  set(${result} "" PARENT_SCOPE)
  if(NOT Python_Interpreter_FOUND)
    return()
  endif()
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c
      "import importlib.util as u; s = u.find_spec('${name}'); print(list(s.submodule_search_locations)[0] if s else '')"
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  file(TO_CMAKE_PATH "${folder}" folder)
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()

find_package(nlohmann_json 3.10 QUIET)
if(NOT nlohmann_json_FOUND)
  dt_python_package_folder(nlohmann_json folder)
  # Of the wheel first, which a build for another system takes too: it lies outside of that system's folders.
  find_path(DT_NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp HINTS "${folder}/include"
    NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
  find_path(DT_NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp)
  if(NOT DT_NLOHMANN_JSON_INCLUDE_DIR)
    message(FATAL_ERROR "nlohmann/json.hpp was not found: pip install nlohmann-json, "
                        "or set DT_NLOHMANN_JSON_INCLUDE_DIR or nlohmann_json_DIR")
  endif()
  add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED)
  set_target_properties(nlohmann_json::nlohmann_json PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${DT_NLOHMANN_JSON_INCLUDE_DIR}")
endif()

# The version that pyproject.toml pins; the module wants exactly the one that it is built with.
file(STRINGS ${PROJECT_SOURCE_DIR}/pyproject.toml pin REGEX "\"openvino==[0-9.]+\"")
if(NOT pin MATCHES "openvino==([0-9.]+)")
  message(FATAL_ERROR "pyproject.toml pins no version of openvino")
endif()
set(DT_OPENVINO_VERSION ${CMAKE_MATCH_1})

set(DT_OPENVINO_FOUND OFF)
if(DT_WITH_OPENVINO)
  if(NOT OpenVINO_DIR)
    dt_python_package_folder(openvino folder)
    set(hint "${folder}/cmake")
  endif()
  find_package(OpenVINO QUIET COMPONENTS Runtime HINTS ${hint})
  if(OpenVINO_FOUND)
    set(DT_OPENVINO_FOUND ON)
    set(DT_OPENVINO_VERSION ${OpenVINO_VERSION})
    message(STATUS "OpenVINO ${OpenVINO_VERSION}: ${OpenVINO_DIR}")
  elseif(NOT DT_WITH_OPENVINO STREQUAL "AUTO")
    message(FATAL_ERROR "OpenVINO was not found: pip install \"openvino==${DT_OPENVINO_VERSION}\", set OpenVINO_DIR, "
                        "or build without it: -DDT_WITH_OPENVINO=OFF")
  else()
    message(STATUS "OpenVINO was not found: its backend is left out")
  endif()
endif()

if(DT_BUILD_PYTHON)
  if(NOT pybind11_DIR)
    dt_python_package_folder(pybind11 folder)
    set(hint "${folder}/share/cmake/pybind11")
  endif()
  find_package(pybind11 3 REQUIRED HINTS ${hint})
endif()
