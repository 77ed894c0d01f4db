#include "backends/reference/tensor.h"

#include <algorithm>
#include <utility>

#include "backends/reference/network_limits.h"
#include "common/error.h"

namespace dt::reference {
namespace {

template <class T>
void copy_strided(const T* in, T* out, const Shape& shape, const Shape& strides) {
  for_each_row<1>(shape, {strides}, [&](const auto& offsets, const auto& steps, int64_t at, int64_t n) {
    const T* source = in + offsets[0];
    for (int64_t i = 0; i < n; ++i) out[at + i] = source[i * steps[0]];
  });
}

}  // namespace

const char* dtype_name(DType dtype) {
  return dtype == DType::kFloat ? "float32" : dtype == DType::kInt64 ? "int64" : "bool";
}

int64_t n_elements(const Shape& shape) {
  if (shape.size() > kMaxRank) {
    throw Error(DT_BAD_BUNDLE, "a tensor has " + std::to_string(shape.size()) +
                                   " dimensions, expected at most " + std::to_string(kMaxRank));
  }
  int64_t n = 1;
  bool empty = false;
  for (int64_t d : shape) {
    if (d < 0 || d > kMaxElements)
      throw Error(DT_BAD_BUNDLE, "a tensor of shape " + to_string(shape) + " cannot be");
    empty = empty || d == 0;
    n *= std::max<int64_t>(d, 1);
    if (n > kMaxElements) {
      throw Error(DT_BAD_BUNDLE, "a tensor of shape " + to_string(shape) + " has more than " +
                                     std::to_string(kMaxElements) + " elements");
    }
  }
  return empty ? 0 : n;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

Tensor Tensor::outline(DType dtype, Shape shape) {
  Tensor t;
  n_elements(shape);
  t.dtype = dtype;
  t.shape = std::move(shape);
  t.is_outline = true;
  return t;
}

Tensor Tensor::zeros(DType dtype, Shape shape) {
  Tensor t;
  t.dtype = dtype;
  const size_t n = static_cast<size_t>(n_elements(shape));
  t.shape = std::move(shape);
  if (dtype == DType::kFloat) {
    t.floats.resize(n);
  } else {
    t.ints.resize(n);
  }
  return t;
}

Tensor Tensor::from(Shape shape, std::vector<float> values) {
  if (n_elements(shape) != static_cast<int64_t>(values.size())) {
    throw Error(DT_INTERNAL_ERROR, "a tensor of shape " + dt::reference::to_string(shape) + " was given " +
                                       std::to_string(values.size()) + " values");
  }
  Tensor t;
  t.shape = std::move(shape);
  t.floats = std::move(values);
  return t;
}

Tensor Tensor::from_ints(Shape shape, std::vector<int64_t> values, DType dtype) {
  if (n_elements(shape) != static_cast<int64_t>(values.size())) {
    throw Error(DT_INTERNAL_ERROR, "a tensor of shape " + dt::reference::to_string(shape) + " was given " +
                                       std::to_string(values.size()) + " values");
  }
  Tensor t;
  t.dtype = dtype;
  t.shape = std::move(shape);
  t.ints = std::move(values);
  return t;
}

Shape strides_of(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * std::max<int64_t>(shape[d], 1);
  return strides;
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < out.size(); ++i) {  // from the last axis on
    const int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1, db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1) {
      throw Error(DT_BAD_BUNDLE, "shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast");
    }
    out[out.size() - 1 - i] = da == 1 ? db : da;
  }
  return out;
}

Shape broadcast_strides(const Shape& from, const Shape& to) {
  const Shape own = strides_of(from);
  Shape strides(to.size(), 0);
  const size_t missing = to.size() - from.size();
  for (size_t d = 0; d < from.size(); ++d) strides[missing + d] = from[d] == 1 ? 0 : own[d];
  return strides;
}

size_t normalized_axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    throw Error(DT_BAD_BUNDLE,
                "axis " + std::to_string(axis) + " is outside a tensor of rank " + std::to_string(rank));
  }
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
}

Tensor strided_copy(const Tensor& in, Shape shape, int64_t base, const Shape& strides) {
  if (in.is_outline) return Tensor::outline(in.dtype, std::move(shape));
  Tensor out = Tensor::zeros(in.dtype, std::move(shape));
  if (out.size() == 0) return out;
  if (in.dtype == DType::kFloat) {
    copy_strided(in.floats.data() + base, out.floats.data(), out.shape, strides);
  } else {
    copy_strided(in.ints.data() + base, out.ints.data(), out.shape, strides);
  }
  return out;
}

Tensor reshaped(const Tensor& in, Shape shape) {
  if (n_elements(shape) != in.size()) {
    throw Error(DT_BAD_BUNDLE,
                "a tensor of shape " + to_string(in.shape) + " cannot become " + to_string(shape));
  }
  Tensor out = in;
  out.shape = std::move(shape);
  return out;
}

}  // namespace dt::reference
