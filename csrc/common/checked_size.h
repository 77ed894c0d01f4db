// Products of sizes that a file or a caller names. They are formed in 64 bits, so that a 32-bit size_t cannot
// wrap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "common/error.h"

namespace dt {

// Most bytes that one array may have: what a pointer difference of this machine can count.
constexpr uint64_t kMaxArrayBytes = PTRDIFF_MAX;

// Whether the product of all factors is at most `limit`. Nothing overflows. A factor of 0 makes the product
// 0.
constexpr bool product_fits(std::initializer_list<uint64_t> factors, uint64_t limit) {
  for (const uint64_t factor : factors) {
    if (factor == 0) return true;
  }
  uint64_t product = 1;
  for (const uint64_t factor : factors) {
    if (factor > limit / product) return false;
    product *= factor;
  }
  return true;
}

// The product as a number of elements. Throws Error(status) with "<what> is more than memory can hold" where
// an array of so many elements of element_bytes each would be beyond kMaxArrayBytes.
inline size_t checked_count(std::initializer_list<uint64_t> factors, size_t element_bytes, dt_status status,
                            const char* what) {
  if (!product_fits(factors, kMaxArrayBytes / element_bytes)) {
    throw Error(status, std::string(what) + " is more than memory can hold");
  }
  uint64_t product = 1;
  for (const uint64_t factor : factors) product *= factor;
  return static_cast<size_t>(product);
}

}  // namespace dt
