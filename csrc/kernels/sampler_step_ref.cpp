#include "kernels/sampler_step.h"

namespace dt {

template <typename T, typename T0>
void sampler_step_ref(const SamplerStepArgs<T, T0>& a) {
  for (size_t b = 0; b < a.batch; ++b) {
    for (size_t i = a.past * a.channels; i < a.window * a.channels; ++i) {
      const size_t at = b * a.window * a.channels + i, c = i % a.channels;
      float x0 = to_float(a.x0[at]);
      if (a.x0_uncond != nullptr) x0 = guide(x0, to_float(a.x0_uncond[at]), a.guidance);
      const SamplerStepElement next =
          sampler_step_element(to_float(a.x_t[at]), x0, a.lo[c], a.hi[c], *a.coefficients);
      store_float(next.x_t, &a.x_t[at]);
      if (!next.is_good) a.faults[b] = 1;
    }
  }
}

template void sampler_step_ref(const SamplerStepArgs<float, float>&);
template void sampler_step_ref(const SamplerStepArgs<Half, Half>&);
template void sampler_step_ref(const SamplerStepArgs<float, Half>&);

}  // namespace dt
