// The gate in front of every backend: what a bundle's networks are, from our own reader, before another one
// sees them.
#pragma once

#include "core/bundle.h"

namespace dt {

// Throws DT_BAD_BUNDLE that names the file of a network, unless each is an ONNX graph that lies whole in its
// file, of operators that a bundle may use, with the inputs and outputs and the shapes that bundle.json says
// for each of its latency profiles, and within the budget of network_limits.h. Nothing is computed, and no
// weight is read.
void check_networks(const Bundle& bundle);

}  // namespace dt
