#include "backends/cpu/tables.h"

#include <cstdlib>

#include "common/error.h"
#include "core/backend_description.h"

#if defined(DT_CPU_HAS_BF16)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace dt::cpu {
namespace {

std::string wish() {
  const char* name = std::getenv("DT_CPU_ISA");
  return name == nullptr ? "" : name;
}

#if defined(DT_CPU_HAS_BF16)
bool has_bit(unsigned word, int bit) { return (word >> bit & 1u) != 0; }

// Intel's manual, CPUID leaf 7: subleaf 1 EAX bit 5 is AVX512_BF16; subleaf 0 EDX bits 22 and 24 are AMX-BF16
// and AMX-TILE.
bool has_avx512bf16() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __builtin_cpu_supports("avx512bw") && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && has_bit(a, 5);
}
bool has_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && has_bit(d, 22) && has_bit(d, 24);
}

// Linux gives the registers of tiles to processes that ask for them (Documentation/x86/xstate.rst).
constexpr long kGetSupported = 0x1021, kRequest = 0x1023, kTileData = 18;
bool system_has_tiles() {
  uint64_t supported = 0;
  return syscall(SYS_arch_prctl, kGetSupported, &supported) == 0 && (supported >> kTileData & 1) != 0;
}
bool request_tiles() { return syscall(SYS_arch_prctl, kRequest, kTileData) == 0; }
#else
bool request_tiles() { return false; }
#endif

const Kernels* named(const std::vector<const Kernels*>& all, const std::string& name) {
  for (const Kernels* kernels : all) {
    if (kernels->name == name) return kernels;
  }
  return nullptr;
}

}  // namespace

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

const std::vector<const Kernels*>& usable_bf16_kernels() {
  static const std::vector<const Kernels*> usable = [] {
    std::vector<const Kernels*> found;
#if defined(DT_CPU_HAS_BF16)
    __builtin_cpu_init();
    const bool has_vectors =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_avx512bf16();
    if (has_vectors && has_amx() && system_has_tiles()) found.push_back(&amx_kernels());
    if (has_vectors) found.push_back(&avx512bf16_kernels());
#endif
    return found;
  }();
  return usable;
}

const Kernels& find_kernels(const std::string& name) {
  if (const Kernels* kernels = named(usable_kernels(), name)) return *kernels;
  std::vector<std::string> names;
  for (const auto* all : {&usable_kernels(), &usable_bf16_kernels()}) {
    for (const Kernels* kernels : *all) names.push_back(kernels->name);
  }
  throw Error(DT_NO_BACKEND,
              "DT_CPU_ISA is \"" + name + "\": this processor and this build have " + in_words(names));
}

const Kernels& chosen_kernels() {
  const std::string name = wish();
  // A name of bfloat16 says nothing of float32.
  return name.empty() || named(usable_bf16_kernels(), name) != nullptr ? *usable_kernels().front()
                                                                       : find_kernels(name);
}

const Kernels& chosen_bf16_kernels() {
  const std::string name = wish();
  const Kernels* wanted = named(usable_bf16_kernels(), name);
  if (wanted == nullptr && !name.empty()) find_kernels(name);  // throws for a name that there is not
  for (const Kernels* kernels : usable_bf16_kernels()) {
    if (wanted != nullptr && wanted != kernels) continue;
    if (std::string(kernels->name) == "amx" && !request_tiles()) continue;
    return *kernels;
  }
  throw Error(DT_INVALID_ARGUMENT, "this processor has no bf16 arithmetic: use precision \"f32\"");
}

}  // namespace dt::cpu
