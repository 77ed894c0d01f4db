#include "kernels/sampler_step.h"

namespace dt {

void sampler_step_ref(const SamplerStepArgs& a) {
  for (size_t b = 0; b < a.batch; ++b) {
    for (size_t frame = a.past; frame < a.window; ++frame) {
      const size_t row = (b * a.window + frame) * a.channels;
      for (size_t c = 0; c < a.channels; ++c) {
        const SamplerStepElement next =
            sampler_step_element(a.x_t[row + c], a.x0[row + c], a.lo[c], a.hi[c], *a.coefficients);
        a.x_t[row + c] = next.x_t;
        if (!next.is_good) a.faults[b] = 1;
      }
    }
  }
}

}  // namespace dt
