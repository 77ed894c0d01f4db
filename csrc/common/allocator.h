// Memory of streams, schedulers and tables, through the host's hooks (dt_set_allocator) or the C++ heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "dt/base.h"

namespace dt {

// Throws std::bad_alloc. bytes > 0; alignment: a power of two, at most 64.
void* hooked_allocate(size_t bytes, size_t alignment);
void hooked_release(void* pointer, size_t bytes, size_t alignment) noexcept;

// null: the C++ heap. Throws Error(DT_BUSY) while anything is allocated.
void set_allocator(const dt_allocator* allocator);
int64_t allocated_bytes();

template <typename T>
struct HookedAllocator {
  using value_type = T;
  HookedAllocator() = default;
  template <typename U>
  HookedAllocator(const HookedAllocator<U>&) noexcept {}  // NOLINT: converts, as the standard asks

  T* allocate(size_t n) {
    if (n > SIZE_MAX / sizeof(T)) throw std::bad_alloc();
    return static_cast<T*>(hooked_allocate(n * sizeof(T), alignof(T)));
  }
  void deallocate(T* p, size_t n) noexcept { hooked_release(p, n * sizeof(T), alignof(T)); }
  friend bool operator==(const HookedAllocator&, const HookedAllocator&) { return true; }
  friend bool operator!=(const HookedAllocator&, const HookedAllocator&) { return false; }
};

template <typename T>
using Vector = std::vector<T, HookedAllocator<T>>;

template <typename T>
int64_t bytes_of(const Vector<T>& v) {
  return static_cast<int64_t>(v.capacity() * sizeof(T));
}

template <typename T, typename... Args>
std::shared_ptr<T> make_hooked(Args&&... args) {
  return std::allocate_shared<T>(HookedAllocator<T>(), std::forward<Args>(args)...);
}

}  // namespace dt
