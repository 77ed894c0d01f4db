// What a stream is made with.
#pragma once

#include <cstdint>

#include "common/allocator.h"
#include "core/manifest.h"
#include "runtime/mood.h"
#include "runtime/post.h"

namespace dt {

struct StreamSettings {
  Vector<float> style;  // [d_identity], by mood and dial_mood
  Mood mood;
  DialMood dial_mood;
  uint64_t seed = 0;
  Profile profile;
  int max_buffered_ms = 1000;
  int grow_to_ms = 0;  // more than max_buffered_ms: the buffer may grow
  // Of frames that were pulled, kept for interrupts and for the pose of a moment. -1: 400, or 0 for
  // vertices.
  int history_ms = -1;
  int ease_out_frames = 5;  // at most the lookahead takes effect: earlier frames may be gone at the flush
  int sample_rate_hz = 0;   // of the pushes; 0: fixed by the first one
  int offset_ms = 0;        // of the options and the dials
  int dials_offset_ms = 0;  // the dials' share of it
  int deadline_ms = -1;     // -1: one hop
  PostSettings post;
};

}  // namespace dt
