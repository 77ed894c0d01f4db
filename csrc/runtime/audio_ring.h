// The samples between the thread that pushes and the one that computes: a ring for one writer and one reader
// that grows, when it may, without either waiting for the other.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "common/allocator.h"

namespace dt {

// Positions count samples since the ring was made; sample p lies at p % size. To grow, the writer copies what
// is not read yet into a ring of at least twice the size and shows that one. The reader frees the smaller one
// when it sees the new one.
class AudioRing {
 public:
  // size: samples that it holds from the start. limit: that it may grow to, at least size.
  AudioRing(size_t size, size_t limit);
  ~AudioRing();
  AudioRing(const AudioRing&) = delete;
  AudioRing& operator=(const AudioRing&) = delete;

  // Writer.
  int64_t head() const { return head_.load(std::memory_order_relaxed); }
  // Makes room for samples `first` up to `end`, of which those before `head` are there; false beyond the
  // limit. Throws std::bad_alloc; nothing is changed then.
  bool reserve(int64_t first, int64_t end);
  // There is room.
  void write(const float* samples, size_t n);

  // Reader. Samples that are there by now.
  int64_t end() const { return head_.load(std::memory_order_acquire); }
  void copy(int64_t first, size_t n, float* out) const;
  // Samples before `end` are not wanted any more.
  void release(int64_t end);
  // What release() said last; any thread.
  int64_t tail() const { return tail_.load(std::memory_order_acquire); }

  // Any thread.
  int64_t limit() const { return static_cast<int64_t>(limit_); }
  int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Block {
    Vector<float> samples;
    Block* smaller = nullptr;  // the one before; of the reader once it sees this block
  };
  static Block* make_block(size_t size);
  static void free_blocks(Block* block);
  static void copy_in(Block* block, int64_t at, const float* samples, size_t n);

  const size_t limit_;
  std::atomic<Block*> block_;
  std::atomic<int64_t> head_{0}, bytes_{0};
  alignas(64) std::atomic<int64_t> tail_{0};
};

}  // namespace dt
