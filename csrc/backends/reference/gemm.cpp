#include "backends/reference/gemm.h"

#include <algorithm>
#include <cstddef>

#include "common/checked_size.h"

// GCC and Clang on x86-64 Linux compile the inner loop for several instruction sets and choose at load time.
// Not under sanitizers: the chooser would run before their start-up code.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define DT_CLONES __attribute__((target_clones("default", "avx2,fma", "avx512f")))
#else
#define DT_CLONES
#endif

namespace dt::reference {
namespace {

// A tile of the output: 4 x 16 doubles fit the vector registers of AVX2 and AVX-512.
constexpr int64_t kRows = 4, kColumns = 16;

// out[r][j] = sum_p a[p][r] b[p][j] for one tile. One array per row, because compilers keep those in
// registers but not one array of arrays. The product of two floats is exact in double, so that a fused
// multiply-add gives the same bits as two instructions: every processor computes the same sums.
DT_CLONES void multiply_tile(int64_t k, const double* a, const double* b, double* out) {
  double s0[kColumns] = {}, s1[kColumns] = {}, s2[kColumns] = {}, s3[kColumns] = {};
  for (int64_t p = 0; p < k; ++p, a += kRows, b += kColumns) {
    for (int64_t j = 0; j < kColumns; ++j) {
      s0[j] += a[0] * b[j];
      s1[j] += a[1] * b[j];
      s2[j] += a[2] * b[j];
      s3[j] += a[3] * b[j];
    }
  }
  for (int64_t j = 0; j < kColumns; ++j) {
    out[j] = s0[j];
    out[kColumns + j] = s1[j];
    out[2 * kColumns + j] = s2[j];
    out[3 * kColumns + j] = s3[j];
  }
}

// Panels of `width` neighbouring rows (or columns), the sum index slowest, zero-padded:
// packed[panel][p][r] = matrix(panel * width + r, p), where `along` steps r and `across` steps p.
void pack(const float* data, int64_t along, int64_t across, int64_t count, int64_t k, int64_t width,
          std::vector<double>& packed) {
  const int64_t n_panels = (count + width - 1) / width;
  const auto u = [](int64_t size) { return static_cast<uint64_t>(size); };
  packed.resize(checked_count({u(n_panels), u(width), u(k)}, sizeof(double), DT_OUT_OF_MEMORY,
                              "a product of matrices"));
  double* to = packed.data();
  for (int64_t first = 0; first < count; first += width) {
    const int64_t n = std::min(width, count - first);
    for (int64_t p = 0; p < k; ++p, to += width) {
      const float* from = data + first * along + p * across;
      if (along == 1) {  // apart, so that it vectorises
        for (int64_t r = 0; r < n; ++r) to[r] = static_cast<double>(from[r]);
      } else {
        for (int64_t r = 0; r < n; ++r) to[r] = static_cast<double>(from[r * along]);
      }
      std::fill(to + n, to + width, 0.0);
    }
  }
}

}  // namespace

void gemm(int64_t m, int64_t n, int64_t k, MatrixView a, MatrixView b, float* out, GemmWorkspace& workspace) {
  pack(a.data, a.row_stride, a.column_stride, m, k, kRows, workspace.a);
  double tile[kRows * kColumns];
  for (int64_t j = 0; j < n; j += kColumns) {
    const int64_t n_columns = std::min(kColumns, n - j);
    // One panel of b at a time stays in the cache while all of a passes.
    pack(b.data + j * b.column_stride, b.column_stride, b.row_stride, n_columns, k, kColumns, workspace.b);
    for (int64_t i = 0; i < m; i += kRows) {
      multiply_tile(k, workspace.a.data() + i * k, workspace.b.data(), tile);
      for (int64_t r = 0; r < std::min(kRows, m - i); ++r) {
        float* row = out + (i + r) * n + j;
        for (int64_t c = 0; c < n_columns; ++c) row[c] = static_cast<float>(tile[r * kColumns + c]);
      }
    }
  }
}

}  // namespace dt::reference
