// The C++ wrapper from a user's side: everything once, errors as exceptions. Usage: wrapper BUNDLE
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <dt/dt.hpp>
#include <fstream>
#include <iterator>

#include "expect.hpp"

namespace {

std::vector<float> tone(size_t n) {
  std::vector<float> out(n);
  for (size_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(i) / 16000;
    out[i] = static_cast<float>(0.3 * std::sin(900 * t * (1 + t)) * std::sin(9 * t));
  }
  return out;
}

void append(std::vector<float>* out, const dtalk::Frames& frames) {
  out->insert(out->end(), frames.weights.begin(), frames.weights.end());
}

std::vector<float> animate(dtalk::Stream& stream, const std::vector<float>& audio, size_t chunk) {
  std::vector<float> out;
  for (size_t i = 0; i < audio.size();) {
    const size_t n = audio.size() - i < chunk ? audio.size() - i : chunk;
    if (stream.push(audio.data() + i, n, 1, 16000)) i += n;
    append(&out, stream.pull());
  }
  stream.flush();
  append(&out, stream.pull());
  return out;
}

// A bundle folder through callbacks, as from a pak file.
struct Folder {
  std::string path;
  std::string read(const char* name) const {
    std::ifstream file(path + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static int64_t size(void* user, const char* name) {
    const std::string bytes = static_cast<Folder*>(user)->read(name);
    return bytes.empty() ? -1 : static_cast<int64_t>(bytes.size());
  }
  static int64_t read_part(void* user, const char* name, int64_t offset, void* buffer, size_t n) {
    static_cast<Folder*>(user)->read(name).copy(static_cast<char*>(buffer), n, static_cast<size_t>(offset));
    return static_cast<int64_t>(n);
  }
};

void check_sources(const std::string& path, const std::vector<float>& expected,
                   const std::vector<float>& audio) {
  Folder folder{path};
  dt_reader reader = dtalk::sized<dt_reader>();
  reader.user = &folder;
  reader.size = &Folder::size;
  reader.read = &Folder::read_part;
  dtalk::Model model = dtalk::Model::from_reader(reader);
  dtalk::Stream stream(model);
  EXPECT(animate(stream, audio, 1000) == expected);
  EXPECT(status_of([] { dtalk::Model::from_memory("not a zip", 9); }) == DT_BAD_BUNDLE);
  EXPECT(status_of([] { dtalk::Model("no such bundle"); }) == DT_BAD_BUNDLE);
}

void check_crowd(const dtalk::Model& model, const std::vector<float>& expected,
                 const std::vector<float>& audio) {
  dtalk::Scheduler scheduler(model);
  std::vector<dtalk::Stream> streams;
  for (int i = 0; i < 5; ++i) {
    streams.emplace_back(model);
    scheduler.add(streams.back());
  }
  std::vector<std::vector<float>> out(streams.size());
  for (size_t at = 0; at < audio.size(); at += 1600) {
    for (dtalk::Stream& s : streams)
      EXPECT(s.push(audio.data() + at, std::min<size_t>(1600, audio.size() - at), 1, 16000));
    scheduler.step();
    for (size_t i = 0; i < streams.size(); ++i) append(&out[i], streams[i].pull());
  }
  for (dtalk::Stream& s : streams) s.flush();
  for (int k = 0; k < 100 && scheduler.step().n_windows > 0; ++k) {
    for (size_t i = 0; i < streams.size(); ++i) append(&out[i], streams[i].pull());
  }
  for (const auto& frames : out) {
    EXPECT(frames.size() == expected.size());
    float worst = 0;
    for (size_t i = 0; i < frames.size() && i < expected.size(); ++i) {
      const float error = std::fabs(frames[i] - expected[i]);
      if (!(error <= worst)) worst = error;
    }
    EXPECT(worst <= 1e-4f);  // the stated limit between batch sizes
  }
  EXPECT(scheduler.stats().n_streams == 5);
  scheduler.remove(streams[0]);
  EXPECT(!streams[0].info().in_scheduler);
}

// Strengths and mixtures, or the reason why there are none.
void check_moods(const dtalk::Model& model) {
  const std::vector<std::string> emotions = model.emotions();
  if (emotions.empty()) {
    EXPECT(status_of([&] { model.mix({}); }) == DT_INVALID_ARGUMENT);
    return;
  }
  const dtalk::Style one = model.style("", emotions.back());
  EXPECT(model.mix({{emotions.back(), 1.0f}}) == one);
  const dtalk::Style neutral = model.mix({}, 0), half = model.mix({{emotions.back(), 0.5f}});
  for (size_t i = 0; i < one.size(); ++i) EXPECT(std::fabs(half[i] - (one[i] + neutral[i]) / 2) < 1e-5f);
  EXPECT(model.mix({{emotions.back(), 1.0f}}, 0.5f) == half);
  EXPECT(status_of([&] { model.mix({{"bored", 1.0f}}); }) == DT_INVALID_ARGUMENT);
}

// Poses come with their frames: zeros for a model without one, and for an amount of 0.
void check_head_pose(const dtalk::Model& model, dtalk::Stream& stream, const std::vector<float>& audio) {
  dt_stream_options still = dtalk::stream_options();
  still.head_amount = 0;
  dtalk::Stream other(model, still);
  bool moves = false;
  for (dtalk::Stream* s : {&stream, &other}) {
    EXPECT(s->push(audio.data(), 16000, 1, 16000));
    s->flush();  // whatever the profile's window is
    const dtalk::Frames frames = s->pull();
    EXPECT(frames.n_frames > 0 && frames.head_pose.size() == 3 * frames.n_frames);
    const bool is_zero =
        std::all_of(frames.head_pose.begin(), frames.head_pose.end(), [](float v) { return v == 0; });
    EXPECT(is_zero || s == &stream);
    moves = moves || !is_zero;
  }
  EXPECT(moves == (model.info().has_head_pose != 0));
}

// What a voice agent calls.
void check_conversation(dtalk::Stream& stream, const std::vector<float>& audio) {
  const int64_t old = stream.info().utterance;
  EXPECT(stream.push(audio.data(), 16000, 1, 16000, old));
  stream.flush(old);
  const dtalk::Frames frames = stream.pull(12);
  EXPECT(frames.n_frames == 12 && frames.utterance == old);
  const auto between = static_cast<double>(frames.first_frame) + 10.5;
  const dtalk::Moment moment = stream.frame_at(between / 30);
  EXPECT(std::fabs(moment.time_s - between / 30) < 1e-9 && moment.head_pose.size() == 3);
  for (size_t c = 0; c < stream.n_channels(); ++c) {
    const float a = frames.weights[10 * stream.n_channels() + c];
    const float b = frames.weights[11 * stream.n_channels() + c];
    EXPECT(std::fabs(moment.weights[c] - (a + b) / 2) < 1e-6f);
  }
  const dtalk::Interruption done = stream.interrupt_at(frames.first_frame + 5, 100);
  EXPECT(done.next_audio_frame == frames.first_frame + 6 + 3 && done.utterance == old + 1);
  EXPECT(status_of([&] { stream.push(audio.data(), 10, 1, 16000, old); }) == DT_STALE);
  EXPECT(status_of([&] { stream.flush(old); }) == DT_STALE);
  EXPECT(stream.pull().utterance == old + 1);
  stream.idle(15);
  EXPECT(stream.info().next_audio_frame == done.next_audio_frame + 15);
}

// Names are those that a model can be opened on, and ranks are in an order.
void check_backends() {
  const std::vector<dt_backend_info> all = dtalk::backends();
  std::vector<int32_t> ranks;
  for (const dt_backend_info& b : all) {
    EXPECT(dt_backend_probe(b.name) != DT_INVALID_ARGUMENT);
    EXPECT(std::string(b.precisions).find(b.default_precision) != std::string::npos);
    ranks.push_back(b.auto_rank);
  }
  std::sort(ranks.begin(), ranks.end());
  EXPECT(!all.empty() && std::adjacent_find(ranks.begin(), ranks.end()) == ranks.end());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  dtalk::Model model(argv[1]);
  const std::vector<float> audio = tone(40000);
  EXPECT(model.channels().size() == static_cast<size_t>(model.info().n_channel_names));
  EXPECT(!model.identities().empty() && !model.backend_name().empty() && model.precision() == "f32");
  const dt_profile_info profile = model.profile();
  EXPECT(std::fabs(profile.latency_ms - (profile.hop_samples + profile.lookahead_samples) / 16.0) < 1e-9);
  EXPECT(profile.stream_bytes > 0);
  dtalk::Stream stream(model);
  EXPECT(stream.info().memory_bytes == profile.stream_bytes || stream.info().sample_rate_hz == 0);
  const std::vector<float> expected = animate(stream, audio, 500);
  EXPECT(expected.size() == 75 * stream.n_channels() || model.info().fps_num != 30);
  stream.reset();
  EXPECT(animate(stream, audio, 3333) == expected);
  EXPECT(status_of([&] { stream.push(audio.data(), 1, 1, 16000); }) == DT_CLOSED);
  EXPECT(status_of([&] { model.style("nobody"); }) == DT_INVALID_ARGUMENT);
  EXPECT(status_of([&] { model.profile("nobody"); }) == DT_INVALID_ARGUMENT);
  const dtalk::Style a = model.style(), b = model.style(model.identities().back());
  const dtalk::Style half = model.blend({{a, 1.0f}, {b, 1.0f}});
  for (size_t i = 0; i < a.size(); ++i) EXPECT(std::fabs(half[i] - (a[i] + b[i]) / 2) < 1e-5f);
  check_moods(model);
  stream.reset();
  check_head_pose(model, stream, audio);
  stream.reset();
  stream.set_style(half, 100);
  stream.set_style_at(half, 30, 100);
  dt_dials dials = dtalk::dials();
  dials.strength = 0.5f;
  stream.set_dials(dials, 100);
  dials.strength = 3;
  EXPECT(status_of([&] { stream.set_dials(dials, 100, 30); }) == DT_INVALID_ARGUMENT);
  EXPECT(stream.interrupt(100) == 3 || model.info().fps_num != 30);
  stream.reset();
  if (model.info().fps_num == 30) check_conversation(stream, audio);
  check_sources(argv[1], expected, audio);
  check_crowd(model, expected, audio);
  check_backends();
  dtalk::Model moved = std::move(model);
  EXPECT(status_of([&] { model.info(); }) == DT_INVALID_ARGUMENT);
  std::printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
