// Rows of the GPU benchmark.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

namespace dt::test {

// One object per size: fused update against the device's own copy, GB/s.
nlohmann::json bench_update_kernel();

struct BenchTarget {
  std::string bundle, engines, precision;  // all empty: the toy networks
};

// One object per window, batch and way of running: milliseconds per hop, frames per second.
nlohmann::json bench_hops(const BenchTarget& target);

// Of sorted or unsorted samples, not empty. p: 0 .. 1.
double percentile(std::vector<double> samples, double p);

}  // namespace dt::test
