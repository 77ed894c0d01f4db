// The frames that a window hands to the next one of its stream: kept apart from the window, since the shift
// by one hop may overlap itself.
#pragma once

#include <cstddef>

struct CUstream_st;  // cudaStream_t, without CUDA's headers

namespace dt {

// For the device both pointers are to its memory.
struct PastCarryArgs {
  float* x_t = nullptr;                                                  // [batch, window, channels]
  float* past = nullptr;                                                 // [batch, past_frames, channels]
  size_t batch = 0, window = 0, past_frames = 0, hop = 0, channels = 0;  // past_frames + hop <= window
};

void put_past_ref(const PastCarryArgs& args);   // x_t[:, 0 .. past_frames) <- past
void keep_past_ref(const PastCarryArgs& args);  // past <- x_t[:, hop .. hop + past_frames)
// Throw Error(DT_INTERNAL_ERROR) when the launch fails; do not wait.
void put_past_cuda(const PastCarryArgs& args, CUstream_st* stream);
void keep_past_cuda(const PastCarryArgs& args, CUstream_st* stream);

}  // namespace dt
