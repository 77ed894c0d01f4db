// One life of a program on the C ABI (allocation_life.hpp), over and over, and every time another allocation
// in it fails. The call that meets it returns DT_OUT_OF_MEMORY with a message, or does without; asked again
// it works, as if nothing had been; the frames are those of a life without a failure; and in the end
// everything is released. Usage: allocation_failures BUNDLE [STRIDE [BACKEND]] STRIDE: every so manieth
// allocation; 1, the default, is all of them. BACKEND: "reference", the default, or "cpu". Linux and macOS.
#include <dt/dt.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "allocation_life.hpp"
#include "expect.h"
#include "failing_new.h"
#include "packed_folder.hpp"

namespace {

int64_t n_lives = 0;

void* hook_allocate(void*, size_t bytes, size_t alignment) {
  return failing::allocate(bytes, alignment, true);
}
void hook_release(void*, void* memory, size_t, size_t) { failing::release(memory); }

void live(const Place& place, Result* result) {
  result->n = 0;
  is_owed = false;
  std::fill(result->numbers.begin(), result->numbers.end(), 0.0f);
  Life life{place, place.speech, *result};
  life.open();
  if (life.model == nullptr) return;
  life.library();
  const float* const style = life.styles();
  life.tools();
  life.one_stream(style);
  life.conversation();
  life.crowd();
  dt_model_release(life.model);
  ++n_lives;
}

void sweep(const Place& place, int64_t stride, bool all_after, bool by_hook) {
  const dt_allocator hooks{sizeof(dt_allocator), nullptr, &hook_allocate, &hook_release};
  if (by_hook) EXPECT(dt_set_allocator(&hooks) == DT_OK);
  Result usual, got;
  failing::is_of_hooks = by_hook;
  failing::disarm();
  live(place, &got);  // what is made once in a process is there now
  const int64_t before = failing::n_live;
  failing::arm(-1, false);
  live(place, &usual);
  const int64_t n_all = failing::n_asked;
  EXPECT(failing::n_live == before);
  const int64_t refused = n_refused, without = n_done_without;
  for (int64_t at = 1; at <= n_all && n_failures < 20; at += stride) {
    failing::arm(at, all_after);
    live(place, &got);
    failing::disarm();
    if (failing::n_live != before || dt_allocated_bytes() != 0) {
      std::printf("allocation %lld: %lld allocations were not released, %lld bytes\n",
                  static_cast<long long>(at), static_cast<long long>(failing::n_live - before),
                  static_cast<long long>(dt_allocated_bytes()));
      ++n_failures;
    }
    if (got.numbers != usual.numbers) {
      size_t i = 0;
      while (got.numbers[i] == usual.numbers[i]) ++i;
      std::printf("allocation %lld, met by %s: number %zu of %zu is %g, without a failure %g\n",
                  static_cast<long long>(at), met_by, i, usual.n, static_cast<double>(got.numbers[i]),
                  static_cast<double>(usual.numbers[i]));
      ++n_failures;
    }
  }
  std::printf(
      "%lld allocations, every %lldth fails%s%s: %lld calls returned DT_OUT_OF_MEMORY, %lld did without\n",
      static_cast<long long>(n_all), static_cast<long long>(stride), all_after ? " with all after it" : "",
      by_hook ? ", our own by dt_set_allocator" : "", static_cast<long long>(n_refused - refused),
      static_cast<long long>(n_done_without - without));
  if (by_hook) EXPECT(dt_set_allocator(nullptr) == DT_OK);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int64_t stride = argc > 2 ? std::atoll(argv[2]) : 1;
  std::vector<float> speech;
  for (int i = 0; i < 16000 * 4; ++i) {
    speech.push_back(static_cast<float>(0.3 * std::sin(0.05 * i) * std::sin(0.0008 * i)));
  }
  const std::string packed = packed_folder(argv[1]);
  const Place place{argv[1], argc > 3 ? argv[3] : "reference", packed, speech};
  for (const bool all_after : {false, true}) sweep(place, stride, all_after, false);
  sweep(place, stride, false, true);
  std::printf("%lld lives, %d failures\n", static_cast<long long>(n_lives), n_failures);
  return n_failures == 0 ? 0 : 1;
}
