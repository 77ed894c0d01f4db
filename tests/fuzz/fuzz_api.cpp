// Sequences of calls of the C ABI, with living, released and invented handles and structs of odd sizes.
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "input.h"
#include "tiny_model.h"

namespace {

// Opened at the first input, when everything static is there.
dt_model* model() {
  static dt_model* const opened = dt::fuzz::open_tiny();
  return opened;
}
constexpr int64_t kChannels = 2, kStyle = 2;

// What one sequence has made. A released handle may stay where it was.
struct State {
  std::array<void*, 4> streams{}, schedulers{}, arrays{}, rigs{};
  std::vector<float> audio = std::vector<float>(8192), out = std::vector<float>(64 * 4);
  int64_t first = 0, utterance = 1;
  size_t n = 0;
};

using Handles = std::array<void*, 4>;

void* any(dt::fuzz::Input& in, const State& s, const Handles& kind) {
  const uint8_t which = in.u8();
  if (which == 255) return reinterpret_cast<void*>(static_cast<uintptr_t>(in.u64()));
  if (which == 254) return s.streams[0];
  if (which == 253) return s.schedulers[0];
  if (which == 252) return model();
  return kind[which % kind.size()];
}
dt_stream* stream(dt::fuzz::Input& in, const State& s) {
  return static_cast<dt_stream*>(any(in, s, s.streams));
}
dt_scheduler* scheduler(dt::fuzz::Input& in, const State& s) {
  return static_cast<dt_scheduler*>(any(in, s, s.schedulers));
}
dt_device_array* array(dt::fuzz::Input& in, const State& s) {
  return static_cast<dt_device_array*>(any(in, s, s.arrays));
}

void create_stream(dt::fuzz::Input& in, State& s) {
  // As large as any size that is said of it: what lies behind the known options is 0.
  std::vector<uint64_t> block(65536 / sizeof(uint64_t));
  auto& o = *reinterpret_cast<dt_stream_options*>(block.data());
  dt_stream_options_default(&o);
  const uint8_t which = in.u8();
  if ((which & 1) != 0) o.seed = in.u64();
  if ((which & 2) != 0) o.profile = (which & 4) != 0 ? "bare" : "live";
  if ((which & 8) != 0) o.struct_size = in.u16();
  if ((which & 16) != 0)
    o.identity = "ada", o.emotion = "sad", o.emotion_strength = static_cast<float>(in.u8()) / 100;
  if ((which & 32) != 0) o.max_buffered_ms = static_cast<int32_t>(in.u32() % 5000);
  if ((which & 64) != 0) o.silence_gate = 1, o.smoothing_ms = 50;
  if ((which & 128) != 0) o.deadline_ms = in.u16();
  const uint8_t newer = in.u8();
  if ((newer & 1) != 0) o.grow_to_ms = static_cast<int32_t>(in.u32() % 20000);
  if ((newer & 2) != 0) o.history_ms = in.u16();
  if ((newer & 4) != 0) o.offset_ms = static_cast<int32_t>(in.u16() % 1002) - 501;
  dt_stream* made = nullptr;
  dt_stream_create(model(), &o, &made);
  void*& place = s.streams[in.u8() % s.streams.size()];
  dt_stream_release(static_cast<dt_stream*>(place));
  place = made;
}

void push(dt::fuzz::Input& in, State& s) {
  dt_stream* const to = stream(in, s);
  const float* const samples = in.u8() == 0 ? nullptr : s.audio.data();
  const size_t n = in.u16() % 8000;
  const int32_t n_channels = in.u8() == 0 ? in.u8() : 1;
  const int32_t hz = in.u8() == 0 ? static_cast<int32_t>(in.u32()) : 16000;
  if (n * static_cast<size_t>(n_channels) <= s.audio.size()) dt_stream_push(to, samples, n, n_channels, hz);
}

void pull(dt::fuzz::Input& in, State& s) {
  dt_stream* const from = stream(in, s);
  const size_t capacity = in.u8() % 65;
  const bool with_pose = in.u8() % 4 == 0;
  std::vector<float> pose(3 * 64);
  const dt_status status =
      with_pose ? dt_stream_pull_with_pose(from, s.out.data(), pose.data(), capacity, &s.first, &s.n)
                : dt_stream_pull(from, s.out.data(), capacity, &s.first, &s.n);
  if (status == DT_OK) dt::fuzz::expect_finite(s.out.data(), s.n * kChannels, "a frame that is not finite");
}

void steer(dt::fuzz::Input& in, State& s) {
  dt_stream* const at = stream(in, s);
  switch (in.u8() % 6) {
    case 0:
      dt_stream_flush(at);
      break;
    case 1:
      dt_stream_reset(at);
      break;
    case 2:
      dt_stream_interrupt(at, in.u8() != 0 ? in.u16() % 12000 : static_cast<int32_t>(in.u32()),
                          in.u8() % 2 != 0 ? &s.first : nullptr);
      break;
    case 3:
      dt_stream_seek(at, in.u8() % 2 != 0 ? static_cast<int64_t>(in.u64()) : int64_t{1} << (in.u8() % 63));
      break;
    case 4:
      dt_stream_pause(at, in.u8() == 9 ? 2 : in.u8() % 2);
      break;
    default: {
      std::vector<float> style(kStyle);
      for (float& v : style) v = in.u8() == 0 ? in.real() : static_cast<float>(in.u8()) / 64;
      dt_stream_set_style(at, style.data(), in.u8() != 0 ? in.u16() : static_cast<int32_t>(in.u32()));
      if (in.u8() % 2 == 0) break;
      dt_stream_set_style_at(at, style.data(), in.u8(), in.u16());
      dt_dials dials;
      dt_dials_default(&dials);
      dials.strength = in.real();
      dials.lip_sharpness = static_cast<float>(in.u8()) / 255;
      dials.blink_rate = static_cast<float>(in.u8()) / 64;
      dials.smoothing_ms = in.u16() % 1100;
      dt_stream_set_dials(at, &dials, in.u8() % 2 == 0 ? -1 : in.u16(), in.u16());
    }
  }
}

// Utterances, silence and moments. Numbers that were returned come back, or near ones, or any.
void converse(dt::fuzz::Input& in, State& s) {
  dt_stream* const at = stream(in, s);
  const auto near = [&](int64_t known) {
    const uint8_t how = in.u8();
    return how == 255 ? static_cast<int64_t>(in.u64()) : known + how % 8 - 4;
  };
  switch (in.u8() % 6) {
    case 0:
      dt_stream_push_utterance(at, near(s.utterance), s.audio.data(), in.u16() % 8000, 1, 16000);
      break;
    case 1:
      dt_stream_idle(at, near(in.u8()));
      break;
    case 2: {
      std::vector<float> pose(3 * 64);
      float* const poses = in.u8() % 2 != 0 ? pose.data() : nullptr;
      const dt_status status = dt_stream_pull_utterance(at, s.out.data(), poses, in.u8() % 65, &s.first, &s.n,
                                                        in.u8() % 2 != 0 ? &s.utterance : nullptr);
      if (status == DT_OK)
        dt::fuzz::expect_finite(s.out.data(), s.n * kChannels, "a frame that is not finite");
      break;
    }
    case 3: {
      const double time_s =
          in.u8() % 4 == 0 ? in.real() : static_cast<double>(near(s.first)) / 30 + in.u8() / 7680.0;
      double pose_time_s = 0;
      if (dt_stream_frame_at(at, time_s, in.u8() % 4 - 1, s.out.data(), nullptr, &pose_time_s) != DT_OK)
        break;
      dt::fuzz::expect_finite(s.out.data(), kChannels, "a moment that is not finite");
      if (!std::isfinite(pose_time_s)) dt::fuzz::fault("a time that is not finite");
      break;
    }
    case 4:
      dt_stream_interrupt_at(at, near(s.first), in.u16() % 12000, &s.first, &s.utterance);
      break;
    default:
      dt_stream_flush_utterance(at, near(s.utterance));
  }
}

// Every dial, in its range or not.
void turn_dials(dt::fuzz::Input& in, State& s) {
  std::array<uint64_t, 64> block{};  // as large as any size that is said of it
  auto& dials = *reinterpret_cast<dt_dials*>(block.data());
  dt_dials_default(&dials);
  const std::array<float*, 9> numbers = {
      &dials.strength,      &dials.upper_strength, &dials.lower_strength,
      &dials.jaw_sharpness, &dials.blink_rate,     &dials.gaze_side_deg,
      &dials.gaze_hold,     &dials.head_amount,    &dials.emotion_strength};
  for (float* const value : numbers) {
    const uint8_t kind = in.u8();
    if (kind > 128) *value = kind == 255 ? in.real() : static_cast<float>(kind - 128) / 64;
  }
  std::vector<float> per_channel(4 * kChannels);
  for (float& v : per_channel) v = in.u8() == 0 ? in.real() : static_cast<float>(in.u8()) / 128;
  const std::array<const float**, 4> tables = {&dials.channel_gain, &dials.channel_offset, &dials.channel_min,
                                               &dials.channel_max};
  const uint8_t which = in.u8();
  for (size_t i = 0; i < tables.size(); ++i) {
    if ((which >> i & 1) != 0) *tables[i] = per_channel.data() + i * kChannels;
  }
  const dt_emotion_part moods[2] = {{"glad", static_cast<float>(in.u8()) / 100}, {"sad", in.real()}};
  if ((which & 16) != 0)
    dials.n_emotions = in.u8() % 4 - 1, dials.emotions = (which & 32) != 0 ? nullptr : moods;
  if (dials.n_emotions > 2) dials.n_emotions = 2;
  if ((which & 64) != 0) dials.struct_size = in.u8();
  dt_stream_set_dials(stream(in, s), (which & 128) != 0 ? nullptr : &dials, in.u8() - 1, in.u16());
}

// Speech in parts of a length that is enough or not, in moods that are there or not.
void enroll(dt::fuzz::Input& in, State& s) {
  const dt_emotion_part moods[2] = {{"glad", static_cast<float>(in.u8()) / 100}, {"none", 1}};
  const size_t n = in.u16() % 8000, n_moods = in.u8() % 3;
  const float strength = in.real();
  if (dt_model_enroll_emotions(model(), s.audio.data(), n, 1, 16000, moods, n_moods, strength, s.out.data(),
                               kStyle) == DT_OK) {
    dt::fuzz::expect_finite(s.out.data(), kStyle, "a style that is not finite");
  }
}

void ask(dt::fuzz::Input& in, State& s) {
  // A struct of an odd size: never written beyond it.
  std::vector<unsigned char> block(65536 + sizeof(size_t), 0xA5);
  const size_t size = in.u8() % 2 != 0 ? sizeof(dt_stream_info) : in.u16();
  std::memcpy(block.data(), &size, sizeof(size));
  dt_stream_get_info(stream(in, s), reinterpret_cast<dt_stream_info*>(block.data()));
  for (size_t i = size < sizeof(size) ? sizeof(size) : size; i < block.size(); ++i) {
    if (block[i] != 0xA5) dt::fuzz::fault("written behind a struct");
  }
  dt_stream_stats stats = {};
  stats.struct_size = sizeof(stats);
  dt_stream_get_stats(stream(in, s), &stats);
  dt_stream_ready_frames(stream(in, s), &s.first);
  dt_scheduler_stats sums = {};
  sums.struct_size = sizeof(sums);
  dt_scheduler_get_stats(scheduler(in, s), &sums);
  dt_model_channel_name(model(), static_cast<int32_t>(in.u32()));
  dt_model_metadata_json(reinterpret_cast<const dt_model*>(any(in, s, s.arrays)));
}

void crowd(dt::fuzz::Input& in, State& s) {
  switch (in.u8() % 5) {
    case 0: {
      dt_scheduler_options o;
      dt_scheduler_options_default(&o);
      o.max_batch = 1 << (in.u8() % 4), o.warm_up = in.u8() % 2, o.max_wait_us = in.u16() % 5000;
      dt_scheduler* made = nullptr;
      dt_scheduler_create(model(), &o, &made);
      void*& place = s.schedulers[in.u8() % s.schedulers.size()];
      dt_scheduler_release(static_cast<dt_scheduler*>(place));
      place = made;
      break;
    }
    case 1:
    case 2:
      dt_scheduler_add(scheduler(in, s), stream(in, s));
      break;
    case 3:
      dt_scheduler_remove(scheduler(in, s), stream(in, s));
      break;
    default: {
      dt_step_info info = {};
      info.struct_size = sizeof(info);
      dt_scheduler_step(scheduler(in, s), in.u8() != 0 ? in.u16() % 3000 : static_cast<int64_t>(in.u64()),
                        in.u8() != 0 ? in.u8() % 6 - 1 : static_cast<int32_t>(in.u32()), &info);
    }
  }
}

void device(dt::fuzz::Input& in, State& s) {
  switch (in.u8() % 5) {
    case 0: {
      const int64_t shape[3] = {1 + in.u8() % 64, in.u8() % 2 != 0 ? kChannels : in.u8(), 3};
      dt_device_array* made = nullptr;
      dt_device_array_create(model(), shape, in.u8() % 5, &made);
      void*& place = s.arrays[in.u8() % s.arrays.size()];
      dt_device_array_release(static_cast<dt_device_array*>(place));
      place = made;
      break;
    }
    case 1:
      dt_stream_pull_device(stream(in, s), array(in, s), &s.first, &s.n);
      break;
    case 2: {
      const size_t n_vertices = 1 + in.u8() % 20;
      const std::vector<float> neutral(n_vertices * 3, 0.5f), deltas(n_vertices * 3 * kChannels, in.real());
      dt_rig* made = nullptr;
      dt_rig_create(model(), neutral.data(), n_vertices, deltas.data(), &made);
      void*& place = s.rigs[in.u8() % s.rigs.size()];
      dt_rig_release(static_cast<dt_rig*>(place));
      place = made;
      break;
    }
    case 3:
      dt_rig_pose(static_cast<dt_rig*>(any(in, s, s.rigs)), array(in, s), in.u8(), array(in, s));
      break;
    default: {
      dt_device_array_info info = {};
      info.struct_size = sizeof(info);
      dt_device_array_get_info(array(in, s), &info);
      dt_device_array_wait(array(in, s), nullptr);
    }
  }
}

void styles(dt::fuzz::Input& in, State& s) {
  std::vector<float> parts(2 * kStyle);
  for (float& v : parts) v = in.real();
  const dt_style_part blended[2] = {{parts.data(), in.real()}, {parts.data() + kStyle, in.real()}};
  const dt_emotion_part moods[2] = {{"glad", in.real()}, {"sad", static_cast<float>(in.u8()) / 64}};
  if (dt_model_blend_styles(model(), blended, 2, s.out.data(), kStyle) == DT_OK) {
    dt::fuzz::expect_finite(s.out.data(), kStyle, "a style that is not finite");
  }
  if (dt_model_mix_emotions(model(), nullptr, moods, 2, in.real(), s.out.data(), kStyle) == DT_OK) {
    dt::fuzz::expect_finite(s.out.data(), kStyle, "a style that is not finite");
  }
  dt_noise_fill(in.u64(), static_cast<int64_t>(in.u64()), in.u8() % 4, in.u8() % 64, s.out.data());
}

void release(dt::fuzz::Input& in, State& s) {
  const size_t at = in.u8() % 4;
  const uint8_t kind = in.u8() % 4;
  void*& place = (kind == 0 ? s.streams : kind == 1 ? s.schedulers : kind == 2 ? s.arrays : s.rigs)[at];
  if (kind == 0) dt_stream_release(static_cast<dt_stream*>(place));
  if (kind == 1) dt_scheduler_release(static_cast<dt_scheduler*>(place));
  if (kind == 2) dt_device_array_release(static_cast<dt_device_array*>(place));
  if (kind == 3) dt_rig_release(static_cast<dt_rig*>(place));
  if (in.u8() % 2 != 0) place = nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::array<void (*)(dt::fuzz::Input&, State&), 20> kCalls = {
      create_stream, create_stream, push,  push,   push,   pull,    pull,     pull,     steer,      steer,
      ask,           crowd,         crowd, device, styles, release, converse, converse, turn_dials, enroll};
  dt::fuzz::Input in(data, size);
  State s;
  for (size_t i = 0; i < s.audio.size(); ++i) s.audio[i] = 0.3f * std::sin(0.03f * static_cast<float>(i));
  for (int n = 0; n < 100 && in.left() > 0; ++n) kCalls[in.u8() % kCalls.size()](in, s);
  for (void* handle : s.streams) dt_stream_release(static_cast<dt_stream*>(handle));
  for (void* handle : s.schedulers) dt_scheduler_release(static_cast<dt_scheduler*>(handle));
  for (void* handle : s.arrays) dt_device_array_release(static_cast<dt_device_array*>(handle));
  for (void* handle : s.rigs) dt_rig_release(static_cast<dt_rig*>(handle));
  return 0;
}
