// Handles that stay checkable for ever: a released one is recognised, and an object lives until the last call
// has left it. Lookups take no lock and wait for nobody, so that they may stand in the way of audio.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace dt {

// A handle is generation, index, kind and a last bit of 1, in the bits of a pointer: never null, and odd, so
// that it equals no object's address. T: what a handle holds; destroyed by whoever leaves last. kKind: 0 to
// 7, another one for each T. Bits: an unsigned integer of the size of a pointer, which tests choose. With 32
// bits there are 2^14 places, each for 2^14 objects one after the other.
template <typename T, unsigned kKind, typename Bits = uintptr_t>
class HandleTable {
  struct Slot;

 public:
  // Throws std::bad_alloc.
  Bits insert(std::unique_ptr<T> object) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint32_t index = free_ != kNone ? free_ : grow();
    Slot& slot = *slot_at(index);
    free_ = slot.next_free;
    slot.object = object.release();
    const uint64_t generation = slot.word.load(std::memory_order_relaxed) >> kCountBits;
    slot.word.store(generation << kCountBits | kAlive | 1, std::memory_order_release);
    return (static_cast<Bits>(generation) << kIndexBits | index) << kTagBits | kTag;
  }

  // The object while the guard lives; null for what is no living handle.
  class Guard {
   public:
    Guard(HandleTable* table, Bits handle) : table_(table), index_(index_of(handle)) {
      slot_ = (handle & kTagMask) == kTag ? table->slot_at(index_) : nullptr;
      if (slot_ == nullptr) return;
      uint64_t word = slot_->word.load(std::memory_order_acquire);
      for (;;) {
        const bool is_this =
            static_cast<Bits>(word >> kCountBits) << (kIndexBits + kTagBits) == (handle & ~kLowMask);
        if (!is_this || (word & kAlive) == 0) {
          slot_ = nullptr;
          return;
        }
        if (slot_->word.compare_exchange_weak(word, word + 1, std::memory_order_acq_rel)) return;
      }
    }
    ~Guard() {
      if (slot_ != nullptr) table_->leave(slot_, index_);
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    T* get() const { return slot_ == nullptr ? nullptr : slot_->object; }
    // Ends the handle; false when another thread was faster. The object goes with the last guard.
    bool release() {
      const uint64_t before = slot_->word.fetch_and(~kAlive, std::memory_order_acq_rel);
      if ((before & kAlive) == 0) return false;
      table_->leave(slot_, index_);  // the handle's own count; this guard has another
      return true;
    }

   private:
    HandleTable* table_;
    uint32_t index_;
    Slot* slot_;
  };

 private:
  static constexpr int kCountBits = 24;  // alive flag and count of users, below the generation
  static constexpr uint64_t kAlive = uint64_t{1} << (kCountBits - 1);
  static constexpr int kIndexBits = sizeof(Bits) == 8 ? 20 : 14;
  static constexpr int kTagBits = 4;
  static constexpr Bits kTagMask = (Bits{1} << kTagBits) - 1, kTag = kKind << 1 | 1;
  static constexpr Bits kLowMask = (Bits{1} << (kIndexBits + kTagBits)) - 1;
  // The last number that both a handle and a slot's word have room for.
  static constexpr int kGenerationBits =
      std::min<int>(8 * sizeof(Bits) - kIndexBits - kTagBits, 64 - kCountBits);
  static constexpr uint64_t kLastGeneration = (uint64_t{1} << kGenerationBits) - 1;
  static constexpr uint32_t kNone = UINT32_MAX, kChunk = 256, kChunks = (1u << kIndexBits) / kChunk;

  struct Slot {
    std::atomic<uint64_t> word{0};  // generation, alive, count
    T* object = nullptr;
    uint32_t next_free = kNone;
  };
  using Chunk = std::array<Slot, kChunk>;

  static uint32_t index_of(Bits handle) { return static_cast<uint32_t>((handle & kLowMask) >> kTagBits); }

  Slot* slot_at(uint32_t index) {
    Chunk* chunk = chunks_[index / kChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &(*chunk)[index % kChunk];
  }

  // A chunk of free slots; chunks are never freed, so that old handles can be looked at.
  uint32_t grow() {
    if (n_chunks_ == kChunks) throw std::bad_alloc();
    auto* chunk = new Chunk();
    const uint32_t first = n_chunks_ * kChunk;
    for (uint32_t i = 0; i < kChunk; ++i) (*chunk)[i].next_free = i + 1 < kChunk ? first + i + 1 : kNone;
    chunks_[n_chunks_++].store(chunk, std::memory_order_release);
    return first;
  }

  void leave(Slot* slot, uint32_t index) {
    const uint64_t before = slot->word.fetch_sub(1, std::memory_order_acq_rel);
    if ((before & (kAlive - 1)) != 1) return;
    T* object = std::exchange(slot->object, nullptr);
    const uint64_t generation = before >> kCountBits;
    // The next object of this slot has another number. After the last number there is none: the slot stays as
    // it is, or an old handle would come to life again.
    if (generation < kLastGeneration) {
      slot->word.store((generation + 1) << kCountBits, std::memory_order_release);
      const std::lock_guard<std::mutex> lock(mutex_);
      slot->next_free = free_;
      free_ = index;
    }
    delete object;
  }

  std::mutex mutex_;
  uint32_t free_ = kNone, n_chunks_ = 0;
  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
};

}  // namespace dt
