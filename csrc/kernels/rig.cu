// vertices[f, v] = neutral[v] + sum over i in row v of weights[f, channel[i]] * delta[i], float32, summed in
// the row's order and without contraction so that the bits are the reference's. One thread per vertex and
// frame: rows hold some ten deltas, and the frames of a launch share them in the cache.
#include "kernels/cuda_launch.h"
#include "kernels/rig.h"

namespace dt {
namespace {

__global__ void rig_kernel(RigArgs a) {
  const size_t v = size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (v >= a.rig.n_vertices) return;
  for (size_t f = blockIdx.y; f < a.n_frames; f += gridDim.y) {
    rig_vertex(a.rig, v, a.weights + f * a.channels, a.vertices + (f * a.rig.n_vertices + v) * 3);
  }
}

}  // namespace

void rig_cuda(const RigArgs& a, CUstream_st* stream) {
  if (a.n_frames == 0 || a.rig.n_vertices == 0) return;
  const size_t rows = a.n_frames < 65535 ? a.n_frames : 65535;  // the most blocks in y
  const dim3 grid(blocks_for(a.rig.n_vertices), static_cast<unsigned>(rows));
  DT_LAUNCH(rig_kernel, grid, stream, a);
  check_launch("rig");
}

}  // namespace dt
