// What one network may hold and cost (docs/bundle-format.md, "Limits").
#pragma once

#include <cstddef>
#include <cstdint>

namespace dt::reference {

// Parts of a file. kMaxNames: of all inputs and outputs of all nodes together.
constexpr size_t kMaxNodes = 4096, kMaxInitializers = 16384, kMaxNames = 65536, kMaxRank = 8;
// Elements of one tensor, so that no count of bytes overflows.
constexpr int64_t kMaxElements = int64_t{1} << 28;
// A tensor with more elements than this is never needed as the size of another one.
constexpr int64_t kMaxSizeElements = 1024;

// What a run of a network takes, found from the shapes of its inputs without running it.
struct NetworkCost {
  uint64_t numbers = 0;   // that its nodes write, all together
  uint64_t products = 0;  // of two numbers, summed up by its products and convolutions
};

// What is counted, and where counting stops.
struct CostMeter {
  NetworkCost cost, limit;
};

// Of one network with the shapes of one window: 256 MB in float32, and some seconds of one core.
constexpr NetworkCost kMaxNetworkCost = {uint64_t{1} << 26, uint64_t{1} << 34};
// Products of a whole window: the encoder once, and the denoiser in every step of the sampler.
constexpr uint64_t kMaxWindowProducts = uint64_t{1} << 36;

}  // namespace dt::reference
