// Element-by-element functions of two tensors with broadcasting.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "backends/reference/op.h"
#include "backends/reference/tensor.h"

namespace dt::reference {

// out[i] = f(a[i], b[i]) over the broadcast of two shapes. A, B, R: element types.
template <class A, class B, class R, class F>
void broadcast_apply(const Shape& shape_a, const std::vector<A>& a, const Shape& shape_b,
                     const std::vector<B>& b, const Shape& shape_out, std::vector<R>& out, F f) {
  const Shape strides_a = broadcast_strides(shape_a, shape_out),
              strides_b = broadcast_strides(shape_b, shape_out);
  for_each_row<2>(shape_out, {strides_a, strides_b},
                  [&](const auto& offsets, const auto& steps, int64_t at, int64_t n) {
                    const A* pa = a.data() + offsets[0];
                    const B* pb = b.data() + offsets[1];
                    R* po = out.data() + at;
                    const int64_t sa = steps[0], sb = steps[1];
                    // The common cases apart, so that they vectorise.
                    if (sa == 1 && sb == 1) {
                      for (int64_t i = 0; i < n; ++i) po[i] = f(pa[i], pb[i]);
                    } else if (sa == 1 && sb == 0) {
                      for (int64_t i = 0; i < n; ++i) po[i] = f(pa[i], *pb);
                    } else {
                      for (int64_t i = 0; i < n; ++i) po[i] = f(pa[i * sa], pb[i * sb]);
                    }
                  });
}

// The same for two tensors of one kind, which the result has too.
template <class FloatF, class IntF>
Tensor broadcast_tensors(const OpArgs& args, const Tensor& a, const Tensor& b, FloatF on_floats,
                         IntF on_ints) {
  Shape shape = broadcast(a.shape, b.shape);
  if (args.wants_outline(shape)) return Tensor::outline(a.dtype, std::move(shape));
  Tensor out = Tensor::zeros(a.dtype, std::move(shape));
  if (a.dtype == DType::kFloat) {
    broadcast_apply(a.shape, a.floats, b.shape, b.floats, out.shape, out.floats, on_floats);
  } else {
    broadcast_apply(a.shape, a.ints, b.shape, b.ints, out.shape, out.ints, on_ints);
  }
  return out;
}

}  // namespace dt::reference
