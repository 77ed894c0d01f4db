#include <algorithm>

#include "kernels/ragged.h"

namespace dt {

void gather_ref(const RaggedArgs& a) {
  if (*a.n_rows == 0) return;
  for (size_t p = 0; p < a.places; ++p) {
    std::copy_n(a.rows[ragged_source(p, *a.n_rows)], a.row_size, a.dense + p * a.row_size);
  }
}

void scatter_ref(const RaggedArgs& a) {
  const size_t n = std::min<size_t>(*a.n_rows, a.places);
  for (size_t p = 0; p < n; ++p) std::copy_n(a.dense + p * a.row_size, a.row_size, a.rows[p]);
}

}  // namespace dt
