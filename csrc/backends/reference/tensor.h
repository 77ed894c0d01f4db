// Tensors of the reference interpreter: dense, row-major, owning.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dt::reference {

using Shape = std::vector<int64_t>;

// Networks compute in kFloat; kInt64 and kBool carry shapes, indices and masks. Every integer type of ONNX is
// held as kInt64; float16 and double become float32.
enum class DType { kFloat, kInt64, kBool };

const char* dtype_name(DType dtype);

// Product of the dimensions; throws dt::Error(DT_BAD_BUNDLE) when one is negative or the product is above
// kMaxElements.
int64_t n_elements(const Shape& shape);

// "[2, 60, 52]", for messages.
std::string to_string(const Shape& shape);

struct Tensor {
  DType dtype = DType::kFloat;
  Shape shape;                // [] is a scalar
  std::vector<float> floats;  // n_elements(shape) values when dtype is kFloat, else empty
  std::vector<int64_t> ints;  // the same for kInt64 and kBool (0 or 1)
  // Only type and shape are known, and both vectors are empty: what OnnxGraph::cost() works with.
  bool is_outline = false;

  static Tensor outline(DType dtype, Shape shape);
  // Zero-filled.
  static Tensor zeros(DType dtype, Shape shape);
  static Tensor from(Shape shape, std::vector<float> values);
  static Tensor from_ints(Shape shape, std::vector<int64_t> values, DType dtype = DType::kInt64);

  int64_t size() const {
    if (is_outline) return n_elements(shape);
    return static_cast<int64_t>(dtype == DType::kFloat ? floats.size() : ints.size());
  }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
};

// Elements between neighbours along each axis, row-major.
Shape strides_of(const Shape& shape);

// Shape that `a` and `b` broadcast to (NumPy's rule); throws dt::Error(DT_BAD_BUNDLE) when they do not fit.
Shape broadcast(const Shape& a, const Shape& b);

// Strides that read a tensor of shape `from` as one of shape `to`: 0 along the axes that repeat. `from` must
// broadcast to `to`.
Shape broadcast_strides(const Shape& from, const Shape& to);

// Negative axes count from the end; throws dt::Error(DT_BAD_BUNDLE) outside -rank .. rank - 1.
size_t normalized_axis(int64_t axis, int64_t rank);

// Copies in[base + sum_d index_d * strides_d] to a new tensor of shape `shape`: transposition, slicing and
// repetition in one. The caller guarantees that every index lies inside `in`.
Tensor strided_copy(const Tensor& in, Shape shape, int64_t base, const Shape& strides);

// The same data under another shape with the same number of elements.
Tensor reshaped(const Tensor& in, Shape shape);

// Calls row(offsets, steps, out_offset, n) for every run along the last axis of `shape`. offsets and steps
// index the N inputs, whose strides are given; the output is dense.
template <size_t N, class Row>
void for_each_row(const Shape& shape, const std::array<Shape, N>& strides, Row row) {
  const int64_t total = n_elements(shape);
  if (total == 0) return;
  const size_t outer_rank = shape.empty() ? 0 : shape.size() - 1;
  const int64_t n = shape.empty() ? 1 : shape.back();
  std::array<int64_t, N> offsets{}, steps{};
  for (size_t i = 0; i < N && !shape.empty(); ++i) steps[i] = strides[i].back();
  Shape index(outer_rank, 0);
  for (int64_t out = 0; out < total; out += n) {
    row(offsets, steps, out, n);
    for (size_t d = outer_rank; d-- > 0;) {
      for (size_t i = 0; i < N; ++i) offsets[i] += strides[i][d];
      if (++index[d] < shape[d]) break;
      for (size_t i = 0; i < N; ++i) offsets[i] -= strides[i][d] * shape[d];
      index[d] = 0;
    }
  }
}

}  // namespace dt::reference
