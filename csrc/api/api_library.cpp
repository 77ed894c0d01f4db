// dt/base.h.
#include <string>
#include <vector>

#include "api/guard.h"
#include "api/structs.h"
#include "common/allocator.h"
#include "common/log.h"
#include "dt/dt.h"
#include "runtime/registry.h"

#define DT_STRING(x) #x
#define DT_EXPAND_STRING(x) DT_STRING(x)

namespace {

// Of every backend, separated by spaces.
const std::vector<std::string>& precision_texts() {
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> made;
    for (const dt::BackendDescription& d : dt::backend_descriptions()) {
      made.emplace_back();
      for (const std::string& p : d.precisions) made.back() += (made.back().empty() ? "" : " ") + p;
    }
    return made;
  }();
  return texts;
}

}  // namespace

extern "C" {

const char* dt_version(void) {
  return DT_EXPAND_STRING(DT_VERSION_MAJOR) "." DT_EXPAND_STRING(DT_VERSION_MINOR) "." DT_EXPAND_STRING(
      DT_VERSION_PATCH);
}

uint32_t dt_abi_version(void) { return DT_ABI_VERSION; }

dt_status dt_abi_check(uint32_t version) {
  return dt::guard([&] {
    const uint32_t major = version >> 16, minor = version & 0xFFFF;
    if (major == DT_ABI_MAJOR && minor <= DT_ABI_MINOR) return;
    const auto text = [](uint32_t a, uint32_t b) { return std::to_string(a) + "." + std::to_string(b); };
    throw dt::Error(DT_UNSUPPORTED, "the program was built for ABI " + text(major, minor) +
                                        ", the library has " + text(DT_ABI_MAJOR, DT_ABI_MINOR) +
                                        ": install the library that belongs to the program");
  });
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
    case DT_BUSY:
      return "busy";
    case DT_UNSUPPORTED:
      return "unsupported";
    case DT_STALE:
      return "stale";
    default:
      return "unknown status";
  }
}

const char* dt_last_error(void) { return dt::last_error(); }

int32_t dt_backend_count(void) {
  int32_t n = 0;
  dt::guard([&] { n = static_cast<int32_t>(dt::backend_descriptions().size()); });
  return n;
}

dt_status dt_backend_get_info(int32_t index, dt_backend_info* info) {
  return dt::guard([&] {
    const std::vector<dt::BackendDescription>& all = dt::backend_descriptions();
    const dt::BackendDescription& d =
        all[static_cast<size_t>(dt::checked(index, 0, static_cast<int32_t>(all.size()) - 1, "index"))];
    dt_backend_info i{};
    i.name = d.name.c_str();
    i.precisions = precision_texts()[static_cast<size_t>(index)].c_str();
    i.default_precision = d.default_precision.c_str();
    i.remedy = dt::remedy_of(d).c_str();
    i.auto_rank = d.auto_rank;
    dt::write_info(info, i, "info");
  });
}

dt_status dt_backend_probe(const char* backend) {
  return dt::guard([&] {
    dt::require(backend, "backend");
    dt::find_backend(backend).probe();
  });
}

dt_status dt_set_log(dt_log_callback callback, void* user, int32_t min_level) {
  return dt::guard(
      [&] { dt::set_log(callback, user, dt::checked(min_level, DT_LOG_INFO, DT_LOG_WARNING, "min_level")); });
}

dt_status dt_set_allocator(const dt_allocator* allocator) {
  return dt::guard([&] {
    if (allocator == nullptr) return dt::set_allocator(nullptr);
    const dt_allocator hooks = dt::read_options(allocator, dt_allocator{}, "allocator");
    if (hooks.allocate == nullptr || hooks.release == nullptr) {
      throw dt::Error(DT_INVALID_ARGUMENT, "allocator->allocate and allocator->release must both be set");
    }
    dt::set_allocator(&hooks);
  });
}

int64_t dt_allocated_bytes(void) { return dt::allocated_bytes(); }

}  // extern "C"
