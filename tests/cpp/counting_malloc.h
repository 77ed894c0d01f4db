// Counts every allocation of the process: malloc and its kin, which operator new ends in. Linux with glibc
// only; include it in one file of a program.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace dt::test {

inline std::atomic<int64_t> g_n_allocations{0};
inline thread_local int64_t g_n_allocations_here = 0;

inline void count_allocation() {
  ++g_n_allocations;
  ++g_n_allocations_here;
}

// Allocations of all threads while body runs.
template <typename Body>
int64_t allocations_in(Body&& body) {
  const int64_t before = g_n_allocations.load();
  body();
  return g_n_allocations.load() - before;
}

// Allocations of the calling thread while body runs: what a call does itself, however busy the pool of a
// backend still is with the work of an earlier call.
template <typename Body>
int64_t allocations_of_this_thread_in(Body&& body) {
  const int64_t before = g_n_allocations_here;
  body();
  return g_n_allocations_here - before;
}

}  // namespace dt::test

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t n) {
  dt::test::count_allocation();
  return __libc_malloc(n);
}
void* calloc(size_t n, size_t size) {
  dt::test::count_allocation();
  return __libc_calloc(n, size);
}
void* realloc(void* p, size_t n) {
  dt::test::count_allocation();
  return __libc_realloc(p, n);
}
void* memalign(size_t alignment, size_t n) {
  dt::test::count_allocation();
  return __libc_memalign(alignment, n);
}
void* aligned_alloc(size_t alignment, size_t n) { return memalign(alignment, n); }
int posix_memalign(void** p, size_t alignment, size_t n) {
  *p = memalign(alignment, n);
  return *p == nullptr ? ENOMEM : 0;
}
}
