#include "backends/gpu/cuda_current.h"

#include <exception>

#include "common/dynamic_library.h"

namespace dt {
namespace {

#if defined(_WIN32)
constexpr char kDriver[] = "nvcuda.dll";
#else
constexpr char kDriver[] = "libcuda.so.1";
#endif

// Two functions of the driver's own interface, whose library the CUDA runtime has loaded too.
struct Driver {
  int (*get)(void**) = nullptr;  // null, both, without a driver
  int (*set)(void*) = nullptr;

  Driver() noexcept {
    try {
      DynamicLibrary library(kDriver);
      library.keep();
      void* const get_current = library.symbol("cuCtxGetCurrent");
      set = reinterpret_cast<int (*)(void*)>(library.symbol("cuCtxSetCurrent"));
      get = reinterpret_cast<int (*)(void**)>(get_current);
    } catch (const std::exception&) {  // no driver: no context either
    }
  }
};

const Driver& driver() noexcept {
  static const Driver found;
  return found;
}

}  // namespace

void* current_context() noexcept {
  void* context = nullptr;
  const bool is_told = driver().get != nullptr && driver().get(&context) == 0;
  return is_told ? context : nullptr;
}

void set_current_context(void* context) noexcept {
  if (driver().set != nullptr) driver().set(context);
}

}  // namespace dt
