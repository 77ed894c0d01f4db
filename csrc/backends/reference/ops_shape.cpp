// Operators that only rename, reorder or repeat axes: Reshape, Squeeze, Unsqueeze, Transpose, Expand; and
// Shape.
#include <algorithm>
#include <set>

#include "backends/reference/ops.h"

namespace dt::reference::ops {

// The dimensions from `start` to `end` (opset 15), both counted from the end when negative and then clamped.
std::vector<Tensor> shape(const OpArgs& args) {
  const Tensor& in = args.input(0);
  const auto clamped = [&](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + in.rank() : i, 0, in.rank());
  };
  const int64_t start = clamped(std::max(args.int_attribute("start", 0), -in.rank()));
  const int64_t end = std::max(
      start, args.attribute("end") ? clamped(std::max(args.int_attribute("end", 0), -in.rank())) : in.rank());
  return one(Tensor::from_ints({end - start}, Shape(in.shape.begin() + start, in.shape.begin() + end)));
}

// 0 keeps the input's dimension (unless allowzero), -1 takes what is left.
std::vector<Tensor> reshape(const OpArgs& args) {
  const Tensor& in = args.input(0);
  Shape shape = args.ints_input(1);
  int64_t known = 1;
  size_t n_free = 0, free_axis = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0 && !args.int_attribute("allowzero", 0)) {
      args.require(d < in.shape.size(), "shape " + to_string(shape) + " keeps an axis that the input lacks");
      shape[d] = in.shape[d];
    }
    if (shape[d] == -1) {
      ++n_free;
      free_axis = d;
      continue;
    }
    args.require(shape[d] >= 0 && shape[d] <= kMaxElements, "shape " + to_string(shape) + " is not possible");
    known *= shape[d];
    args.require(known <= kMaxElements, "shape " + to_string(shape) + " is too large");
  }
  args.require(n_free <= 1, "shape " + to_string(shape) + " has more than one -1");
  if (n_free == 1) {
    args.require(known > 0 && in.size() % known == 0,
                 "a tensor of shape " + to_string(in.shape) + " cannot become " + to_string(shape));
    shape[free_axis] = in.size() / known;
  }
  return one(reshaped(in, std::move(shape)));
}

std::vector<Tensor> squeeze(const OpArgs& args) {
  const Tensor& in = args.input(0);
  std::set<size_t> removed;
  for (int64_t axis : args.axes(1)) removed.insert(normalized_axis(axis, in.rank()));
  const bool all = !args.has(1) && !args.attribute("axes");
  Shape shape;
  for (size_t d = 0; d < in.shape.size(); ++d) {
    if (all && in.shape[d] == 1) continue;
    if (!all && removed.count(d)) {
      args.require(in.shape[d] == 1,
                   "axis " + std::to_string(d) + " of " + to_string(in.shape) + " is not 1");
      continue;
    }
    shape.push_back(in.shape[d]);
  }
  return one(reshaped(in, std::move(shape)));
}

std::vector<Tensor> unsqueeze(const OpArgs& args) {
  const Tensor& in = args.input(0);
  const std::vector<int64_t> axes = args.axes(1);
  const int64_t rank = in.rank() + static_cast<int64_t>(axes.size());
  std::set<size_t> added;
  for (int64_t axis : axes) {
    args.require(added.insert(normalized_axis(axis, rank)).second, "an axis is repeated");
  }
  Shape shape;
  for (size_t d = 0, source = 0; d < static_cast<size_t>(rank); ++d) {
    shape.push_back(added.count(d) ? 1 : in.shape[source++]);
  }
  return one(reshaped(in, std::move(shape)));
}

std::vector<Tensor> transpose(const OpArgs& args) {
  const Tensor& in = args.input(0);
  std::vector<int64_t> order = args.ints_attribute("perm");
  if (!args.attribute("perm")) {
    for (int64_t d = in.rank(); d-- > 0;) order.push_back(d);
  }
  args.require(order.size() == in.shape.size(),
               "perm " + to_string(order) + " does not fit " + to_string(in.shape));
  const Shape strides = strides_of(in.shape);
  Shape shape, source_strides;
  std::set<size_t> seen;
  for (int64_t axis : order) {
    const size_t d = normalized_axis(axis, in.rank());
    args.require(seen.insert(d).second, "perm " + to_string(order) + " repeats an axis");
    shape.push_back(in.shape[d]);
    source_strides.push_back(strides[d]);
  }
  return one(strided_copy(in, std::move(shape), 0, source_strides));
}

// The result is the broadcast of both shapes: a 1 in the wanted shape keeps the input's dimension.
std::vector<Tensor> expand(const OpArgs& args) {
  const Tensor& in = args.input(0);
  const Shape shape = broadcast(in.shape, args.ints_input(1));
  if (args.wants_outline(shape)) return one(Tensor::outline(in.dtype, shape));
  return one(strided_copy(in, shape, 0, broadcast_strides(in.shape, shape)));
}

}  // namespace dt::reference::ops
