// The inner part of SHA-256: mixes whole blocks of 64 bytes into the state.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dt {

// By the instructions that many processors have for it, where this one has them. Any thread.
void sha256_mix(uint32_t state[8], const uint8_t* data, size_t n_blocks);

// The same on any processor.
void sha256_mix_portable(uint32_t state[8], const uint8_t* data, size_t n_blocks);

}  // namespace dt
