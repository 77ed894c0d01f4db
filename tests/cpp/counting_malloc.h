// Counts every allocation of the process: malloc and its kin, which operator new ends in. Linux with glibc
// only; include it in one file of a program.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace dt::test {

inline std::atomic<int64_t> g_n_allocations{0};

// Allocations of all threads while body runs.
template <typename Body>
int64_t allocations_in(Body&& body) {
  const int64_t before = g_n_allocations.load();
  body();
  return g_n_allocations.load() - before;
}

}  // namespace dt::test

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t n) {
  ++dt::test::g_n_allocations;
  return __libc_malloc(n);
}
void* calloc(size_t n, size_t size) {
  ++dt::test::g_n_allocations;
  return __libc_calloc(n, size);
}
void* realloc(void* p, size_t n) {
  ++dt::test::g_n_allocations;
  return __libc_realloc(p, n);
}
void* memalign(size_t alignment, size_t n) {
  ++dt::test::g_n_allocations;
  return __libc_memalign(alignment, n);
}
void* aligned_alloc(size_t alignment, size_t n) { return memalign(alignment, n); }
int posix_memalign(void** p, size_t alignment, size_t n) {
  *p = memalign(alignment, n);
  return *p == nullptr ? ENOMEM : 0;
}
}
