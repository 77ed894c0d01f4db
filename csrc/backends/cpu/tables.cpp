#include "backends/cpu/tables.h"

#include <cstdlib>

#include "common/error.h"
#include "core/backend_description.h"

namespace dt::cpu {

const std::vector<const Kernels*>& usable_kernels() {
  static const std::vector<const Kernels*> usable = [] {
    std::vector<const Kernels*> found;
#if defined(DT_CPU_HAS_AVX)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (has_avx2 && __builtin_cpu_supports("avx512f")) found.push_back(&avx512_kernels());
    if (has_avx2) found.push_back(&avx2_kernels());
#endif
#if defined(__GNUC__)
    found.push_back(&baseline_kernels());
#endif
    found.push_back(&portable_kernels());
    return found;
  }();
  return usable;
}

const Kernels& find_kernels(const std::string& name) {
  std::vector<std::string> names;
  for (const Kernels* kernels : usable_kernels()) {
    if (kernels->name == name) return *kernels;
    names.push_back(kernels->name);
  }
  throw Error(DT_NO_BACKEND,
              "DT_CPU_ISA is \"" + name + "\": this processor and this build have " + in_words(names));
}

const Kernels& chosen_kernels() {
  const char* name = std::getenv("DT_CPU_ISA");
  return name == nullptr || *name == '\0' ? *usable_kernels().front() : find_kernels(name);
}

}  // namespace dt::cpu
