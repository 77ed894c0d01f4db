#include <algorithm>

#include "kernels/past_carry.h"

namespace dt {

void put_past_ref(const PastCarryArgs& a) {
  const size_t n = a.past_frames * a.channels;
  for (size_t b = 0; b < a.batch; ++b) std::copy_n(a.past + b * n, n, a.x_t + b * a.window * a.channels);
}

void keep_past_ref(const PastCarryArgs& a) {
  const size_t n = a.past_frames * a.channels;
  for (size_t b = 0; b < a.batch; ++b) {
    std::copy_n(a.x_t + (b * a.window + a.hop) * a.channels, n, a.past + b * n);
  }
}

}  // namespace dt
