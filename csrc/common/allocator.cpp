#include "common/allocator.h"

#include <atomic>
#include <mutex>

#include "common/error.h"

namespace dt {
namespace {

dt_allocator g_hooks{};  // allocate is null: the C++ heap
// The hooks change only while this is 0, so that memory goes back to where it came from; a reservation of one
// byte during the change keeps others out.
std::atomic<int64_t> g_bytes{0};
constexpr int64_t kChanging = int64_t{1} << 62;

}  // namespace

void* hooked_allocate(size_t bytes, size_t alignment) {
  // Taken before the hooks are read: a change that has begun is waited for, it takes a few instructions.
  while (g_bytes.fetch_add(static_cast<int64_t>(bytes), std::memory_order_acquire) >= kChanging) {
    g_bytes.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
  }
  void* p = nullptr;
  if (g_hooks.allocate != nullptr) {
    p = g_hooks.allocate(g_hooks.user, bytes, alignment);
  } else if (alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
    p = ::operator new(bytes, std::align_val_t(alignment), std::nothrow);
  } else {
    p = ::operator new(bytes, std::nothrow);
  }
  if (p == nullptr) {
    g_bytes.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_release);
    throw std::bad_alloc();
  }
  return p;
}

void hooked_release(void* pointer, size_t bytes, size_t alignment) noexcept {
  if (pointer == nullptr) return;
  if (g_hooks.allocate != nullptr) {
    g_hooks.release(g_hooks.user, pointer, bytes, alignment);
  } else if (alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
    ::operator delete(pointer, std::align_val_t(alignment));
  } else {
    ::operator delete(pointer);
  }
  g_bytes.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_release);
}

void set_allocator(const dt_allocator* allocator) {
  int64_t none = 0;
  if (!g_bytes.compare_exchange_strong(none, kChanging, std::memory_order_acquire)) {
    throw Error(DT_BUSY,
                "the allocator cannot change while " + std::to_string(none) +
                    " bytes are allocated: set it before the first model, or after the last release");
  }
  g_hooks = allocator == nullptr ? dt_allocator{} : *allocator;
  g_bytes.fetch_sub(kChanging, std::memory_order_release);
}

int64_t allocated_bytes() {
  const int64_t bytes = g_bytes.load(std::memory_order_relaxed);
  return bytes >= kChanging ? 0 : bytes;
}

}  // namespace dt
