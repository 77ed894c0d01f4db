# `cpack` in the build folder writes the SDK: one archive with headers, libraries, the backend module, CMake and
# pkg-config files, the base bundle, examples, licence. OpenVINO is not in it: it has its own releases and licence, and
# a game may ship only the parts it needs (docs/embedding.md).
set(CPACK_PACKAGE_NAME diffusiontalker-sdk)
set(CPACK_PACKAGE_VENDOR "DiffusionTalker")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
string(TOLOWER "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" platform)
set(CPACK_SYSTEM_NAME ${platform})
set(CPACK_PACKAGE_FILE_NAME diffusiontalker-sdk-${PROJECT_VERSION}-${platform})
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CHECKSUM SHA256)
if(WIN32)
  set(CPACK_GENERATOR ZIP)
else()
  set(CPACK_GENERATOR TGZ)
endif()
include(CPack)
