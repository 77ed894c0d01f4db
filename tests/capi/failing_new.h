// Every operator new of the process, counted, and told to fail: once, or from one allocation on until
// somebody says so. Include it in one file of a program; the library takes it from the program.
#ifndef DT_TESTS_FAILING_NEW_H
#define DT_TESTS_FAILING_NEW_H

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace failing {

inline std::atomic<int64_t> n_live{0};        // allocations that were not released
inline std::atomic<int64_t> n_asked{0};       // since the last arm(), those that failed included
inline std::atomic<int64_t> n_failed{0};      // since the last arm()
inline std::atomic<int64_t> fails_at{-1};     // which one fails, from 1 on; -1: none
inline std::atomic<bool> fails_on{false};     // and all after it
inline std::atomic<bool> is_of_hooks{false};  // those of the allocator hooks fail, instead of operator new

inline void arm(int64_t at, bool and_all_after) {
  n_asked = n_failed = 0;
  fails_on = and_all_after;
  fails_at = at;
}
inline void disarm() { fails_at = -1; }

inline bool fails_now(bool by_hook) {
  if (by_hook != is_of_hooks) return false;
  const int64_t at = fails_at, number = ++n_asked;
  if (at < 0 || number < at || (number > at && !fails_on)) return false;
  ++n_failed;
  return true;
}

inline void* allocate(std::size_t bytes, std::size_t alignment, bool by_hook = false) noexcept {
  if (fails_now(by_hook)) return nullptr;
  void* memory = nullptr;
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
    memory = std::malloc(bytes > 0 ? bytes : 1);
  } else if (posix_memalign(&memory, alignment, bytes > 0 ? bytes : 1) != 0) {
    return nullptr;
  }
  if (memory != nullptr) ++n_live;
  return memory;
}

inline void* allocate_or_throw(std::size_t bytes, std::size_t alignment) {
  void* const memory = allocate(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

inline void release(void* memory) noexcept {
  if (memory != nullptr) --n_live;
  std::free(memory);
}

}  // namespace failing

void* operator new(std::size_t n) { return failing::allocate_or_throw(n, 0); }
void* operator new[](std::size_t n) { return failing::allocate_or_throw(n, 0); }
void* operator new(std::size_t n, std::align_val_t a) {
  return failing::allocate_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, std::align_val_t a) {
  return failing::allocate_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return failing::allocate(n, 0); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return failing::allocate(n, 0); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return failing::allocate(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return failing::allocate(n, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { failing::release(p); }
void operator delete[](void* p) noexcept { failing::release(p); }
void operator delete(void* p, std::size_t) noexcept { failing::release(p); }
void operator delete[](void* p, std::size_t) noexcept { failing::release(p); }
void operator delete(void* p, std::align_val_t) noexcept { failing::release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { failing::release(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { failing::release(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { failing::release(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { failing::release(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { failing::release(p); }
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { failing::release(p); }
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { failing::release(p); }

#endif
