// Allocations of a real backend in steady state, through the C ABI: push and pull without a window must not
// allocate at all; what a window costs the calling thread is the backend's and is printed. Also what the
// allocator hooks see. Usage: allocations BUNDLE BACKEND
#include <dt/dt.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "../cpp/counting_malloc.h"
#include "expect.h"

namespace {

int64_t n_hooked = 0, hooked_bytes = 0;

void* hook_allocate(void*, size_t bytes, size_t alignment) {
  ++n_hooked;
  hooked_bytes += static_cast<int64_t>(bytes);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void hook_release(void*, void* p, size_t bytes, size_t) {
  hooked_bytes -= static_cast<int64_t>(bytes);
  std::free(p);
}

// The count of a stream against the hooks. Another one lives, so that tables and condition are there already.
void check_memory(dt_model* model, const std::vector<float>& audio) {
  const int64_t before = hooked_bytes;
  dt_stream* stream = nullptr;
  EXPECT(dt_stream_create(model, nullptr, &stream) == DT_OK);
  EXPECT(dt_stream_push(stream, audio.data(), audio.size(), 1, 44100) == DT_OK);
  dt_stream_info info{};
  info.struct_size = sizeof(info);
  EXPECT(dt_stream_get_info(stream, &info) == DT_OK);
  std::printf("another stream: %lld bytes by its own count, %lld by the hooks\n",
              static_cast<long long>(info.memory_bytes), static_cast<long long>(hooked_bytes - before));
  // What allocate_shared adds to the object.
  EXPECT(std::llabs(hooked_bytes - before - info.memory_bytes) <= 128);
  dt_stream_release(stream);
  EXPECT(hooked_bytes == before);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  dt_allocator hooks{sizeof(dt_allocator), nullptr, &hook_allocate, &hook_release};
  EXPECT(dt_set_allocator(&hooks) == DT_OK);
  dt_model_options options;
  dt_model_options_default(&options);
  options.backend = argv[2];
  dt_model* model = nullptr;
  EXPECT(dt_model_open(argv[1], &options, &model) == DT_OK);
  if (model == nullptr) return 1;
  dt_model_info info{};
  info.struct_size = sizeof(info);
  EXPECT(dt_model_get_info(model, &info) == DT_OK);
  const int64_t before = hooked_bytes;
  dt_stream* stream = nullptr;
  EXPECT(dt_stream_create(model, nullptr, &stream) == DT_OK);
  std::vector<float> frames(static_cast<size_t>(info.n_channels) * 64), audio;
  for (int i = 0; i < 441; ++i) audio.push_back(static_cast<float>(0.2 * std::sin(0.05 * i)));
  int64_t in_push = 0, in_idle_pull = 0, in_window_pull = 0, n_windows = 0, first = 0, ready = 0, hooked = 0;
  for (int i = 0; i < 600; ++i) {  // 6 s, the first two to warm up
    if (i == 200) in_push = in_idle_pull = in_window_pull = n_windows = 0, hooked = n_hooked;
    in_push += dt::test::allocations_of_this_thread_in(
        [&] { EXPECT(dt_stream_push(stream, audio.data(), 441, 1, 44100) == DT_OK); });
    EXPECT(dt_stream_ready_frames(stream, &ready) == DT_OK);
    size_t n = 0;
    const int64_t in_pull = dt::test::allocations_of_this_thread_in(
        [&] { EXPECT(dt_stream_pull(stream, frames.data(), 64, &first, &n) == DT_OK); });
    (ready > 0 ? in_window_pull : in_idle_pull) += in_pull;
    n_windows += ready > 0 ? 1 : 0;
  }
  EXPECT(in_push == 0);
  EXPECT(in_idle_pull == 0);
  EXPECT(n_hooked == hooked);  // our own containers: nothing, windows included
  EXPECT(n_windows > 0);
  dt_stream_info stream_info{};
  stream_info.struct_size = sizeof(stream_info);
  EXPECT(dt_stream_get_info(stream, &stream_info) == DT_OK);
  std::printf(
      "%s: push %lld, pull without a window %lld, hooks %lld, %.1f allocations of the backend per window; "
      "stream %lld bytes by its own count, %lld by the hooks\n",
      argv[2], static_cast<long long>(in_push), static_cast<long long>(in_idle_pull),
      static_cast<long long>(n_hooked - hooked),
      static_cast<double>(in_window_pull) / static_cast<double>(n_windows),
      static_cast<long long>(stream_info.memory_bytes), static_cast<long long>(hooked_bytes - before));
  check_memory(model, audio);
  dt_stream_release(stream);
  dt_model_release(model);
  EXPECT(hooked_bytes == 0 && dt_allocated_bytes() == 0);
  EXPECT(dt_set_allocator(nullptr) == DT_OK);
  std::printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
