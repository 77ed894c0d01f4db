// Blendshapes to vertices: vertex = template + sum of weight * delta over the shapes that move the vertex.
// Shapes move a tenth of a face each, so the deltas are kept by vertex, only those that are not zero.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"

struct CUstream_st;  // cudaStream_t, without CUDA's headers

namespace dt {

// Compressed rows, one per vertex. For the device all pointers are to its memory.
struct SparseRig {
  const float* neutral = nullptr;  // [n_vertices, 3]
  const uint32_t* row = nullptr;   // [n_vertices + 1]: first delta of each vertex; the last is their number
  const uint32_t* channel = nullptr;  // [n_deltas]: whose weight scales it
  const float* delta = nullptr;       // [n_deltas, 3]
  size_t n_vertices = 0;
};

struct RigArgs {
  SparseRig rig;
  const float* weights = nullptr;  // [n_frames, channels]
  float* vertices = nullptr;       // [n_frames, n_vertices, 3]
  size_t n_frames = 0, channels = 0;
};

// One vertex of one frame, summed in the order of the row. weights: [channels]; out: x, y, z.
DT_HD inline void rig_vertex(const SparseRig& rig, size_t vertex, const float* weights, float* out) {
  float x = rig.neutral[3 * vertex], y = rig.neutral[3 * vertex + 1], z = rig.neutral[3 * vertex + 2];
  for (uint32_t i = rig.row[vertex]; i < rig.row[vertex + 1]; ++i) {
    const float w = weights[rig.channel[i]];
    x += w * rig.delta[3 * size_t{i}];
    y += w * rig.delta[3 * size_t{i} + 1];
    z += w * rig.delta[3 * size_t{i} + 2];
  }
  out[0] = x, out[1] = y, out[2] = z;
}

void rig_ref(const RigArgs& args);
// The same bits on the device. Throws Error(DT_INTERNAL_ERROR) when the launch fails; does not wait.
void rig_cuda(const RigArgs& args, CUstream_st* stream);

}  // namespace dt
