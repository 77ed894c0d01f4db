#include "backends/cpu/view.h"

#include <utility>

namespace dt::cpu {
namespace {

// Without axes of length 1, whose strides mean nothing.
void drop_ones(const View& view, Shape& shape, Shape& strides) {
  for (size_t d = 0; d < view.shape.size(); ++d) {
    if (view.shape[d] == 1) continue;
    shape.push_back(view.shape[d]);
    strides.push_back(view.strides[d]);
  }
}

}  // namespace

bool View::is_dense() const {
  int64_t expected = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    if (shape[d] != 1 && strides[d] != expected) return false;
    expected *= shape[d];
  }
  return true;
}

// Groups of old axes that become groups of new ones, as NumPy finds them: each old group must be contiguous.
bool View::reshape(const Shape& to) {
  if (reference::n_elements(to) == 0) {  // any strides will do
    shape = to, strides = reference::strides_of(to);
    return true;
  }
  Shape old_shape, old_strides, new_strides(to.size(), 1);
  drop_ones(*this, old_shape, old_strides);
  size_t from = 0, at = 0;
  while (from < old_shape.size() && at < to.size()) {
    size_t from_end = from + 1, at_end = at + 1;
    int64_t old_count = old_shape[from], new_count = to[at];
    while (old_count != new_count) {
      if (new_count < old_count) {
        if (at_end == to.size()) return false;
        new_count *= to[at_end++];
      } else {
        if (from_end == old_shape.size()) return false;
        old_count *= old_shape[from_end++];
      }
    }
    for (size_t d = from; d + 1 < from_end; ++d) {
      if (old_strides[d] != old_shape[d + 1] * old_strides[d + 1]) return false;
    }
    new_strides[at_end - 1] = old_strides[from_end - 1];
    for (size_t d = at_end - 1; d > at; --d) new_strides[d - 1] = new_strides[d] * to[d];
    from = from_end, at = at_end;
  }
  shape = to;
  strides = std::move(new_strides);
  return true;
}

View View::transposed(const std::vector<int64_t>& order) const {
  View view = *this;
  for (size_t d = 0; d < order.size(); ++d) {
    view.shape[d] = shape[static_cast<size_t>(order[d])];
    view.strides[d] = strides[static_cast<size_t>(order[d])];
  }
  return view;
}

View View::broadcast(const Shape& to) const {
  View view{buffer, offset, to, Shape(to.size(), 0)};
  const size_t missing = to.size() - shape.size();
  for (size_t d = 0; d < shape.size(); ++d) view.strides[missing + d] = shape[d] == 1 ? 0 : strides[d];
  return view;
}

}  // namespace dt::cpu
