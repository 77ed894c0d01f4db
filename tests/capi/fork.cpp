// A process forks after it has used the library: parent and child go on with the same stream, and with a new
// one, and both get the frames of a process that never forked. Usage: fork BUNDLE [BACKEND]. POSIX.
#include <dt/dt.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "expect.h"

namespace {

std::vector<float> audio;
size_t channels = 0;

std::vector<float> go_on(dt_stream* stream, size_t from, size_t to) {
  std::vector<float> frames(64 * channels), taken;
  EXPECT(dt_stream_push(stream, audio.data() + from, to - from, 1, 16000) == DT_OK);
  int64_t first = 0;
  size_t n = 0;
  do {
    EXPECT(dt_stream_pull(stream, frames.data(), 64, &first, &n) == DT_OK);
    taken.insert(taken.end(), frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(n * channels));
  } while (n > 0);
  return taken;
}

// What a stream in the middle of speech gives, and a new one.
bool has_usual_frames(dt_model* model, dt_stream* stream, const std::vector<float>& old_ones,
                      const std::vector<float>& new_ones) {
  dt_stream* fresh = nullptr;
  EXPECT(go_on(stream, 12000, 24000) == old_ones);
  EXPECT(dt_stream_create(model, nullptr, &fresh) == DT_OK);
  EXPECT(go_on(fresh, 0, 12000) == new_ones);
  dt_stream_release(fresh);
  return n_failures == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  for (int i = 0; i < 24000; ++i)
    audio.push_back(static_cast<float>(0.3 * std::sin(0.05 * i) * std::sin(0.001 * i)));
  dt_model_options options;
  dt_model_options_default(&options);
  options.backend = argc > 2 ? argv[2] : "reference";
  dt_model* model = nullptr;
  dt_stream *usual = nullptr, *stream = nullptr;
  EXPECT(dt_model_open(argv[1], &options, &model) == DT_OK);
  if (model == nullptr) return 1;
  dt_model_info info{};
  info.struct_size = sizeof(info);
  EXPECT(dt_model_get_info(model, &info) == DT_OK);
  channels = static_cast<size_t>(info.n_channels);
  EXPECT(dt_stream_create(model, nullptr, &usual) == DT_OK &&
         dt_stream_create(model, nullptr, &stream) == DT_OK);
  const std::vector<float> begun = go_on(usual, 0, 12000), then = go_on(usual, 12000, 24000);
  EXPECT(!begun.empty() && !then.empty());
  EXPECT(go_on(stream, 0, 12000) == begun);
  std::fflush(stdout);
  for (int i = 0; i < 3; ++i) {  // several children, of which each forks from the same state
    const pid_t child = fork();
    if (child == 0) {
      const bool is_good = has_usual_frames(model, stream, then, begun);
      dt_stream_release(stream);
      dt_model_release(model);
      std::fflush(stdout);
      _exit(is_good ? 0 : 1);
    }
    int status = -1;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  has_usual_frames(model, stream, then, begun);
  dt_stream_release(stream);
  dt_stream_release(usual);
  dt_model_release(model);
  EXPECT(dt_allocated_bytes() == 0);
  std::printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
