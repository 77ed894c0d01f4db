// dt/tools.h: bundles without a backend.
#include <algorithm>
#include <memory>

#include "api/guard.h"
#include "core/bundle.h"
#include "core/zip_source.h"
#include "dt/dt.h"
#include "runtime/open_model.h"

namespace {

void read_file(const dt::ByteSource& source, const char* name, void* data, size_t capacity, size_t* n_bytes) {
  const dt::BundleDescription description = dt::read_description(source);
  const size_t need = dt::file_size(description, name);
  *n_bytes = need;
  if (capacity < need) {
    throw dt::Error(DT_INVALID_ARGUMENT, "capacity is " + std::to_string(capacity) + " bytes, \"" + name +
                                             "\" has " + std::to_string(need));
  }
  if (need == 0) return;
  dt::require(data, "data");
  const std::string bytes = dt::read_file(source, description, name);
  std::copy(bytes.begin(), bytes.end(), static_cast<char*>(data));
}

}  // namespace

extern "C" {

dt_status dt_bundle_check(const char* path) {
  return dt::guard([&] {
    dt::require(path, "path");
    dt::load_checked_bundle(*dt::open_path(path));
  });
}

dt_status dt_bundle_read(const char* path, const char* name, void* data, size_t capacity, size_t* n_bytes) {
  return dt::guard([&] {
    dt::require(n_bytes, "n_bytes");
    *n_bytes = 0;
    dt::require(path, "path");
    dt::require(name, "name");
    read_file(*dt::open_path(path), name, data, capacity, n_bytes);
  });
}

dt_status dt_bundle_read_memory(const void* bundle, size_t size, const char* name, void* data,
                                size_t capacity, size_t* n_bytes) {
  return dt::guard([&] {
    dt::require(n_bytes, "n_bytes");
    *n_bytes = 0;
    dt::require(bundle, "bundle");
    dt::require(name, "name");
    if (size > PTRDIFF_MAX) throw dt::Error(DT_INVALID_ARGUMENT, "size is more than memory can hold");
    read_file(*dt::ZipSource::from_memory(bundle, size), name, data, capacity, n_bytes);
  });
}

}  // extern "C"
