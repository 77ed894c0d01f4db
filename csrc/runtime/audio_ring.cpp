#include "runtime/audio_ring.h"

#include <algorithm>
#include <new>

#include "common/ring_place.h"

namespace dt {

AudioRing::AudioRing(size_t size, size_t limit)
    : limit_(std::max(size, limit)), block_(make_block(std::max<size_t>(1, size))) {
  bytes_ = bytes_of(block_.load()->samples);
}

AudioRing::~AudioRing() { free_blocks(block_.load()); }

AudioRing::Block* AudioRing::make_block(size_t size) {
  void* const place = hooked_allocate(sizeof(Block), alignof(Block));
  Block* const block = new (place) Block();
  try {
    block->samples.resize(size);
  } catch (...) {
    free_blocks(block);
    throw;
  }
  return block;
}

void AudioRing::free_blocks(Block* block) {
  while (block != nullptr) {
    Block* const smaller = block->smaller;
    block->~Block();
    hooked_release(block, sizeof(Block), alignof(Block));
    block = smaller;
  }
}

void AudioRing::copy_in(Block* block, int64_t at, const float* samples, size_t n) {
  const size_t size = block->samples.size();
  const size_t begin = ring_place(at, size), n_first = std::min(n, size - begin);
  std::copy_n(samples, n_first, block->samples.data() + begin);
  std::copy_n(samples + n_first, n - n_first, block->samples.data());
}

bool AudioRing::reserve(int64_t first, int64_t end) {
  Block* const old = block_.load(std::memory_order_relaxed);
  const auto size = static_cast<int64_t>(old->samples.size());
  if (end - first <= size) return true;
  if (end - first > limit()) return false;
  Block* const block = make_block(static_cast<size_t>(std::min(limit(), std::max(end - first, 2 * size))));
  for (int64_t at = first, head = this->head(); at < head;) {
    const int64_t offset = at % size, n = std::min(head - at, size - offset);
    copy_in(block, at, old->samples.data() + offset, static_cast<size_t>(n));
    at += n;
  }
  block->smaller = old;
  bytes_.fetch_add(bytes_of(block->samples), std::memory_order_relaxed);
  block_.store(block, std::memory_order_release);  // before the head moves beyond what the old one holds
  return true;
}

void AudioRing::write(const float* samples, size_t n) {
  const int64_t at = head();
  copy_in(block_.load(std::memory_order_relaxed), at, samples, n);
  head_.store(at + static_cast<int64_t>(n), std::memory_order_release);
}

void AudioRing::copy(int64_t first, size_t n, float* out) const {
  const Block* const block = block_.load(std::memory_order_acquire);
  const size_t size = block->samples.size();
  const size_t begin = ring_place(first, size), n_first = std::min(n, size - begin);
  std::copy_n(block->samples.data() + begin, n_first, out);
  std::copy_n(block->samples.data(), n - n_first, out + n_first);
}

void AudioRing::release(int64_t end) {
  tail_.store(end, std::memory_order_release);
  Block* const block = block_.load(std::memory_order_acquire);
  for (const Block* b = block->smaller; b != nullptr; b = b->smaller)
    bytes_.fetch_sub(bytes_of(b->samples), std::memory_order_relaxed);
  free_blocks(block->smaller);
  block->smaller = nullptr;
}

}  // namespace dt
