// Runs a graph as a plan of the cpu backend and by the interpreter, which is the judge.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backends/cpu/lower.h"
#include "backends/cpu/tables.h"
#include "onnx_builder.h"

namespace dt::test {

using Inputs = std::map<std::string, reference::Tensor>;

reference::Tensor noise(reference::Shape shape, uint32_t seed, float scale = 1.0f);

struct Planned {
  reference::Tensor output;
  std::vector<std::string> interpreted;  // operators that had no kernel
  size_t n_steps = 0;
};
// rows: that are needed of each stream of a result [streams, rows, n]; {0, 0}: all of them.
Planned run_planned(const std::string& model, const Inputs& inputs, const cpu::Kernels& kernels,
                    cpu::RowRange rows = {0, 0}, int n_threads = 1);

// On every instruction set of this processor: the plan's output is the interpreter's, within limit, in the
// rows; gives what the best one did.
Planned expect_parity(const std::string& model, const Inputs& inputs, float limit = 1e-5f,
                      cpu::RowRange rows = {0, 0});

}  // namespace dt::test
