// dt.h, section "Library".
#include "api/guard.h"
#include "runtime/registry.h"

#define DT_STRING(x) #x
#define DT_EXPAND_STRING(x) DT_STRING(x)

extern "C" {

const char* dt_version(void) {
  return DT_EXPAND_STRING(DT_VERSION_MAJOR) "." DT_EXPAND_STRING(DT_VERSION_MINOR) "." DT_EXPAND_STRING(
      DT_VERSION_PATCH);
}

const char* dt_status_string(dt_status status) {
  switch (status) {
    case DT_OK:
      return "ok";
    case DT_INVALID_ARGUMENT:
      return "invalid argument";
    case DT_FILE_ERROR:
      return "file error";
    case DT_BAD_BUNDLE:
      return "bad bundle";
    case DT_NO_BACKEND:
      return "no backend";
    case DT_BUFFER_FULL:
      return "buffer full";
    case DT_CLOSED:
      return "closed";
    case DT_OUT_OF_MEMORY:
      return "out of memory";
    case DT_INTERNAL_ERROR:
      return "internal error";
    default:
      return "unknown status";
  }
}

const char* dt_last_error(void) { return dt::last_error(); }

dt_status dt_backend_probe(const char* backend) {
  return dt::guard([&] {
    dt::require(backend, "backend");
    dt::find_backend(backend).probe();
  });
}

}  // extern "C"
