// Matrix product with double accumulation, the inner loop of MatMul, Gemm and Conv.
#pragma once

#include <cstdint>
#include <vector>

namespace dt::reference {

// A matrix inside a float buffer: element (i, j) is data[i * row_stride + j * column_stride].
struct MatrixView {
  const float* data;
  int64_t row_stride, column_stride;
};

// Buffers kept between calls.
struct GemmWorkspace {
  std::vector<double> a, b;
};

// out[i * n + j] = sum_p a(i, p) b(p, j), accumulated in double and rounded once.  a: [m, k].  b: [k, n].
// out: [m, n].
void gemm(int64_t m, int64_t n, int64_t k, MatrixView a, MatrixView b, float* out, GemmWorkspace& workspace);

}  // namespace dt::reference
