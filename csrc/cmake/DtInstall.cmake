# What `cmake --install` and `cpack` put where. A Python build installs libraries, headers and the CMake package only;
# the wheel has the bundle already. Docs: docs/embedding.md.
include(CMakePackageConfigHelpers)

# The file name and SONAME carry the number of the binary interface (dt/base.h), not the product's: a program goes on
# working with every later library of the same major, and two majors live in one process. Wheels have no symbolic links,
# so their copy keeps its plain name; on Windows the name is plain too.
file(READ ${PROJECT_SOURCE_DIR}/csrc/include/dt/base.h header)
if(NOT header MATCHES "#define DT_ABI_MAJOR ([0-9]+)\n#define DT_ABI_MINOR ([0-9]+)")
  message(FATAL_ERROR "csrc/include/dt/base.h does not define DT_ABI_MAJOR and DT_ABI_MINOR")
endif()
if(NOT DT_BUILD_PYTHON)
  set_target_properties(diffusiontalker PROPERTIES
    VERSION ${CMAKE_MATCH_1}.${CMAKE_MATCH_2} SOVERSION ${CMAKE_MATCH_1})
endif()

# A header-only target for C++17 users of dt/dt.hpp and dt/device.hpp.
add_library(diffusiontalker_cpp INTERFACE)
add_library(diffusiontalker::cpp ALIAS diffusiontalker_cpp)
target_link_libraries(diffusiontalker_cpp INTERFACE diffusiontalker)
target_compile_features(diffusiontalker_cpp INTERFACE cxx_std_17)
set_target_properties(diffusiontalker_cpp PROPERTIES EXPORT_NAME cpp)

set(libraries diffusiontalker diffusiontalker_cpp)
if(DT_BUILD_STATIC)
  list(APPEND libraries diffusiontalker_static)
endif()
set(config_dir ${DT_INSTALL_LIBDIR}/cmake/diffusiontalker)
install(TARGETS ${libraries} EXPORT diffusiontalker
  LIBRARY DESTINATION ${DT_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
  RUNTIME DESTINATION bin COMPONENT runtime
  ARCHIVE DESTINATION ${DT_INSTALL_LIBDIR} COMPONENT development)
install(EXPORT diffusiontalker FILE diffusiontalkerTargets.cmake NAMESPACE diffusiontalker::
  DESTINATION ${config_dir} COMPONENT development)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/diffusiontalkerConfig.cmake.in diffusiontalkerConfig.cmake
  INSTALL_DESTINATION ${config_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its users; from then on only a major one may.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
else()
  set(compatibility SameMajorVersion)
endif()
write_basic_package_version_file(diffusiontalkerConfigVersion.cmake COMPATIBILITY ${compatibility})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/diffusiontalkerConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/diffusiontalkerConfigVersion.cmake DESTINATION ${config_dir} COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/csrc/include/dt DESTINATION ${DT_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

if(NOT DT_BUILD_PYTHON)
  # What `pkg-config --static` adds: programs in C do not link the library of C++ by themselves.
  set(DT_PC_PRIVATE -lm)
  foreach(library ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
    if(library MATCHES "^(stdc\\+\\+|c\\+\\+)$")
      list(PREPEND DT_PC_PRIVATE -l${library})
    endif()
  endforeach()
  foreach(library ${CMAKE_THREAD_LIBS_INIT} ${CMAKE_DL_LIBS})
    if(NOT library MATCHES "^-")
      string(PREPEND library -l)
    endif()
    list(APPEND DT_PC_PRIVATE ${library})
  endforeach()
  list(REMOVE_DUPLICATES DT_PC_PRIVATE)
  list(JOIN DT_PC_PRIVATE " " DT_PC_PRIVATE)
  # From the .pc file's own folder, so that an unpacked archive works wherever it lies.
  file(RELATIVE_PATH DT_PC_PREFIX /x/${DT_INSTALL_LIBDIR}/pkgconfig /x)
  string(REGEX REPLACE "/$" "" DT_PC_PREFIX "${DT_PC_PREFIX}")
  configure_file(${CMAKE_CURRENT_LIST_DIR}/diffusiontalker.pc.in diffusiontalker.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/diffusiontalker.pc DESTINATION ${DT_INSTALL_LIBDIR}/pkgconfig
    COMPONENT development)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/python/diffusiontalker/bundles/base
    DESTINATION ${CMAKE_INSTALL_DATADIR}/diffusiontalker/bundles COMPONENT bundle)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/diffusiontalker
    COMPONENT development PATTERN output EXCLUDE PATTERN build EXCLUDE PATTERN bin EXCLUDE PATTERN __pycache__ EXCLUDE
    PATTERN "*.py" EXCLUDE PATTERN "*.sh" EXCLUDE)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/THIRD-PARTY-NOTICES.md
    ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/docs/embedding.md ${PROJECT_SOURCE_DIR}/docs/bundle-format.md
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/diffusiontalker COMPONENT runtime)
  include(DtPack)
endif()
