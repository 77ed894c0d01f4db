// Host memory of a place: each array has its exact size, so that AddressSanitizer sees the first byte beyond.
#pragma once

#include <cstdlib>
#include <cstring>

#include "place.h"

namespace dt::test {

class HostMemory : public Place {
 public:
  ~HostMemory() override {
    for (void* memory : memory_) std::free(memory);
  }
  void* allocate(size_t bytes) override {
    void* const memory = std::malloc(bytes > 0 ? bytes : 1);
    memory_.push_back(memory);
    return memory;
  }
  void write(void* to, const void* from, size_t bytes) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
  void read(void* to, const void* from, size_t bytes) override { write(to, from, bytes); }

 private:
  std::vector<void*> memory_;
};

}  // namespace dt::test
