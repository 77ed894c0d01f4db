// The instruction sets that this build has kernels for, and the choice among them.
#pragma once

#include <string>
#include <vector>

#include "backends/cpu/kernels.h"

namespace dt::cpu {

// One for each file kernels_*.cpp; the first two are in every build.
const Kernels& portable_kernels();  // arrays in place of vectors: any compiler
const Kernels& baseline_kernels();  // what every processor of the architecture has: SSE2, NEON, WASM SIMD
const Kernels& avx2_kernels();
const Kernels& avx512_kernels();

// Those that this processor runs, the best first. Any thread.
const std::vector<const Kernels*>& usable_kernels();

// The best, or the one that the environment variable DT_CPU_ISA names. Throws Error(DT_NO_BACKEND) for
// a name that is not usable here, with those that are.
const Kernels& chosen_kernels();
const Kernels& find_kernels(const std::string& name);

}  // namespace dt::cpu
