// Operators that only rename or reorder axes: Reshape, Squeeze, Unsqueeze, Flatten, Transpose, Expand, Tile;
// and Trilu.
#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "backends/reference/op.h"

namespace dt::reference {
namespace {

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
    args.require(shape[d] >= 0 && shape[d] <= (int64_t{1} << 28),
                 "shape " + to_string(shape) + " is not possible");
    known *= shape[d];
    args.require(known <= (int64_t{1} << 28), "shape " + to_string(shape) + " is too large");
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

std::vector<Tensor> flatten(const OpArgs& args) {
  const Tensor& in = args.input(0);
  const int64_t axis = args.int_attribute("axis", 1), split = axis < 0 ? axis + in.rank() : axis;
  args.require(split >= 0 && split <= in.rank(), "axis " + std::to_string(axis) + " is outside the input");
  const auto product = [](auto first, auto last) {
    return std::accumulate(first, last, int64_t{1}, std::multiplies<>());
  };
  const auto middle = in.shape.begin() + split;
  return one(reshaped(in, {product(in.shape.begin(), middle), product(middle, in.shape.end())}));
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
  return one(strided_copy(in, shape, 0, broadcast_strides(in.shape, shape)));
}

// Tiling axis d is a copy over the axes (repeat, d) with stride 0 along the repeat.
std::vector<Tensor> tile(const OpArgs& args) {
  const Tensor& in = args.input(0);
  const std::vector<int64_t>& repeats = args.ints_input(1);
  args.require(repeats.size() == in.shape.size(),
               "repeats " + to_string(repeats) + " do not fit " + to_string(in.shape));
  const Shape strides = strides_of(in.shape);
  Shape doubled, doubled_strides, shape;
  for (size_t d = 0; d < in.shape.size(); ++d) {
    args.require(repeats[d] >= 0 && repeats[d] <= (int64_t{1} << 28), "repeats " + to_string(repeats));
    doubled.insert(doubled.end(), {repeats[d], in.shape[d]});
    doubled_strides.insert(doubled_strides.end(), {0, strides[d]});
    shape.push_back(repeats[d] * in.shape[d]);
  }
  return one(reshaped(strided_copy(in, std::move(doubled), 0, doubled_strides), std::move(shape)));
}

// Keeps the upper or lower triangle of every matrix, relative to diagonal k; the rest becomes 0.
std::vector<Tensor> trilu(const OpArgs& args) {
  Tensor out = args.input(0);
  args.require(out.rank() >= 2, "its input has shape " + to_string(out.shape) + ", expected matrices");
  const bool upper = args.int_attribute("upper", 1) != 0;
  const int64_t n_columns = out.shape.end()[-1], n_rows = out.shape.end()[-2];
  const int64_t k = args.has(1) ? std::clamp(args.int_input(1), -n_rows, n_columns) : 0;
  for (int64_t i = 0; i < out.size(); ++i) {
    const int64_t distance = i % n_columns - i / n_columns % n_rows;
    if (upper ? distance >= k : distance <= k) continue;
    if (out.dtype == DType::kFloat) {
      out.floats[static_cast<size_t>(i)] = 0.0f;
    } else {
      out.ints[static_cast<size_t>(i)] = 0;
    }
  }
  return one(std::move(out));
}

}  // namespace

void add_shape_ops(OpTable& table) {
  table["Reshape"] = reshape;
  table["Squeeze"] = squeeze;
  table["Unsqueeze"] = unsqueeze;
  table["Flatten"] = flatten;
  table["Transpose"] = transpose;
  table["Expand"] = expand;
  table["Tile"] = tile;
  table["Trilu"] = trilu;
}

}  // namespace dt::reference
