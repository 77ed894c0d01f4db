#include "kernels/denormalise.h"

namespace dt {

void denormalise_ref(const DenormaliseArgs& a) {
  for (size_t b = 0; b < a.batch; ++b) {
    const float* z = a.x_t + (b * a.window + a.past) * a.channels;
    float* w = a.w + b * a.hop * a.channels;
    for (size_t i = 0; i < a.hop * a.channels; ++i) {
      const size_t c = i % a.channels;
      w[i] = denormalise(z[i], a.std[c], a.mean[c], a.lo[c], a.hi[c]);
    }
  }
}

}  // namespace dt
