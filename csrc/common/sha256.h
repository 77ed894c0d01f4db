// SHA-256 (FIPS 180-4), for the integrity check of bundle files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace dt {

// Digest of n bytes. data may be null only if n is 0.
std::array<uint8_t, 32> sha256(const uint8_t* data, size_t n);

// The digest as 64 lower-case hexadecimal digits.
std::string sha256_hex(const uint8_t* data, size_t n);

}  // namespace dt
