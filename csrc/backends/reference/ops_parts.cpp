// Operators that take parts of tensors or put them together: Slice, Split, Concat.
#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "backends/reference/ops.h"

namespace dt::reference {
namespace {

template <class T>
void copy_block(const std::vector<T>& from, int64_t at_from, std::vector<T>& to, int64_t at_to, int64_t n) {
  std::copy_n(from.begin() + at_from, n, to.begin() + at_to);
}

void copy_block(const Tensor& from, int64_t at_from, Tensor& to, int64_t at_to, int64_t n) {
  if (from.dtype == DType::kFloat) {
    copy_block(from.floats, at_from, to.floats, at_to, n);
  } else {
    copy_block(from.ints, at_from, to.ints, at_to, n);
  }
}

// Product of the dimensions from `first` to before `last`.
int64_t product(const Shape& shape, size_t first, size_t last) {
  return std::accumulate(shape.begin() + static_cast<int64_t>(first),
                         shape.begin() + static_cast<int64_t>(last), int64_t{1}, std::multiplies<>());
}

// One sliced axis of length n, by the rules of ONNX (negative
// values count from the end, then everything is clamped).
struct SliceRange {
  int64_t start, step, length;
};

SliceRange slice_range(int64_t n, int64_t start, int64_t end, int64_t step) {
  // Adding n cannot overflow: only negative values are moved.
  if (start < 0) start += n;
  if (end < 0) end += n;
  if (step > 0) {
    start = std::clamp<int64_t>(start, 0, n);
    end = std::clamp<int64_t>(end, 0, n);
    return {start, step, end > start ? (end - start - 1) / step + 1 : 0};
  }
  start = std::clamp<int64_t>(start, -1, n - 1);
  end = std::clamp<int64_t>(end, -1, n - 1);
  return {start, step, start > end ? (start - end - 1) / -step + 1 : 0};
}

std::vector<int64_t> split_sizes(const OpArgs& args, int64_t n) {
  if (args.has(1)) return args.ints_input(1);
  const int64_t parts = args.int_attribute("num_outputs", static_cast<int64_t>(args.n_outputs()));
  args.require(parts > 0 && parts <= std::max<int64_t>(n, 1),
               "it splits " + std::to_string(n) + " into " + std::to_string(parts) + " parts");
  const int64_t size = (n + parts - 1) / parts;  // the last part may be smaller (opset 18)
  std::vector<int64_t> sizes(static_cast<size_t>(parts), size);
  sizes.back() = n - size * (parts - 1);
  return sizes;
}

}  // namespace

namespace ops {

std::vector<Tensor> slice(const OpArgs& args) {
  const Tensor& in = args.input(0);
  const std::vector<int64_t>&starts = args.ints_input(1), &ends = args.ints_input(2);
  std::vector<int64_t> axes(starts.size()), steps(starts.size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  if (args.has(3)) axes = args.ints_input(3);
  if (args.has(4)) steps = args.ints_input(4);
  args.require(ends.size() == starts.size() && axes.size() == starts.size() && steps.size() == starts.size(),
               "starts, ends, axes and steps differ in length");
  Shape shape = in.shape, strides = strides_of(in.shape);
  int64_t base = 0;
  std::set<size_t> seen;
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t d = normalized_axis(axes[i], in.rank());
    args.require(seen.insert(d).second, "an axis is repeated");
    // A step beyond the axis takes one element; the limit keeps -step and the stride from overflowing.
    const int64_t step = std::clamp<int64_t>(steps[i], -(int64_t{1} << 30), int64_t{1} << 30);
    args.require(step != 0, "a step is 0");
    const SliceRange range = slice_range(in.shape[d], starts[i], ends[i], step);
    if (range.length > 0) base += range.start * strides[d];
    shape[d] = range.length;
    strides[d] *= range.step;
  }
  return one(strided_copy(in, std::move(shape), base, strides));
}

std::vector<Tensor> split(const OpArgs& args) {
  const Tensor& in = args.input(0);
  const size_t axis = normalized_axis(args.int_attribute("axis", 0), in.rank());
  const std::vector<int64_t> sizes = split_sizes(args, in.shape[axis]);
  const Shape strides = strides_of(in.shape);
  std::vector<Tensor> parts;
  int64_t start = 0;
  for (int64_t size : sizes) {
    args.require(size >= 0 && size <= in.shape[axis] - start,
                 "its sizes " + to_string(sizes) + " do not add up to " + std::to_string(in.shape[axis]));
    Shape shape = in.shape;
    shape[axis] = size;
    parts.push_back(strided_copy(in, std::move(shape), start * strides[axis], strides));
    start += size;
  }
  return parts;
}

std::vector<Tensor> concat(const OpArgs& args) {
  const Tensor& first = args.input(0);
  const size_t axis = normalized_axis(args.int_attribute("axis", 0), first.rank());
  Shape shape = first.shape;
  shape[axis] = 0;
  for (size_t i = 0; i < args.n_inputs(); ++i) {
    const Tensor& part = args.input(i);
    bool fits = part.dtype == first.dtype && part.shape.size() == shape.size();
    for (size_t d = 0; fits && d < shape.size(); ++d) fits = d == axis || part.shape[d] == shape[d];
    args.require(fits,
                 "its inputs " + to_string(first.shape) + " and " + to_string(part.shape) + " do not fit");
    shape[axis] += part.shape[axis];
  }
  if (args.wants_outline(shape)) return one(Tensor::outline(first.dtype, shape));
  Tensor out = Tensor::zeros(first.dtype, shape);
  const int64_t n_outer = product(shape, 0, axis), row = product(shape, axis, shape.size());
  int64_t at = 0;
  for (size_t i = 0; i < args.n_inputs(); ++i) {
    const Tensor& part = args.input(i);
    const int64_t part_row = product(part.shape, axis, shape.size());
    for (int64_t outer = 0; outer < n_outer; ++outer) {
      copy_block(part, outer * part_row, out, outer * row + at, part_row);
    }
    at += part_row;
  }
  return one(std::move(out));
}

}  // namespace ops
}  // namespace dt::reference
