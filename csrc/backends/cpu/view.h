// Where the elements of a value lie in a buffer of a plan.
#pragma once

#include <cstdint>

#include "backends/reference/tensor.h"

namespace dt::cpu {

using reference::Shape;

struct View {
  int buffer = -1;
  int64_t offset = 0;
  Shape shape, strides;  // in floats

  bool is_dense() const;
  // The same elements under a shape with as many; false where the strides do not allow it.
  bool reshape(const Shape& to);
  // Axis i becomes axis order[i] of this one.
  View transposed(const std::vector<int64_t>& order) const;
  // As a value of a shape that this one broadcasts to.
  View broadcast(const Shape& to) const;
};

}  // namespace dt::cpu
