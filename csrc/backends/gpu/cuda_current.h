// The CUDA context that a thread works in. cudaGetDevice would not tell one that was pushed by hand, and
// cudaSetDevice to what it tells would make a context where the program has none.
#pragma once

namespace dt {

// Null where the thread has none, or where there is no driver. Any thread.
void* current_context() noexcept;
// What current_context() gave, on the same thread.
void set_current_context(void* context) noexcept;

}  // namespace dt
