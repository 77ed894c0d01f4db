#include "kernels/rig.h"

namespace dt {

void rig_ref(const RigArgs& a) {
  for (size_t f = 0; f < a.n_frames; ++f) {
    float* frame = a.vertices + f * a.rig.n_vertices * 3;
    for (size_t v = 0; v < a.rig.n_vertices; ++v)
      rig_vertex(a.rig, v, a.weights + f * a.channels, frame + 3 * v);
  }
}

}  // namespace dt
