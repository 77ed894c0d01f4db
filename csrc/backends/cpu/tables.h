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
const Kernels& avx512bf16_kernels();
const Kernels& amx_kernels();

// Those of float32 that this processor runs, the best first. Any thread.
const std::vector<const Kernels*>& usable_kernels();
// Those of bfloat16; none where the processor has no arithmetic for it. Any thread.
const std::vector<const Kernels*>& usable_bf16_kernels();

// The best of float32, or the one that the environment variable DT_CPU_ISA names. Throws Error(DT_NO_BACKEND)
// for a name that is not usable here, with those that are. Any thread.
const Kernels& chosen_kernels();
// The best of bfloat16, or the one of that name; DT_CPU_ISA may also name one of float32, which is for
// chosen_kernels() then. Lets the process use the processor's tiles. Throws Error(DT_INVALID_ARGUMENT) where
// there are none. Any thread.
const Kernels& chosen_bf16_kernels();
const Kernels& find_kernels(const std::string& name);

}  // namespace dt::cpu
