#include "common/sha256.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "common/sha256_blocks.h"

namespace dt {
namespace {

std::string hex_of(const std::string& text) {
  return sha256_hex(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

// Vectors of NIST (FIPS 180-4 examples, CAVP).
TEST(Sha256, MatchesNistVectors) {
  EXPECT_EQ(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex_of(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// 55, 56 and 64 bytes are where the padding changes shape; reference: Python's hashlib.
TEST(Sha256, PadsAroundTheBlockBorder) {
  EXPECT_EQ(hex_of(std::string(55, 'x')), "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072");
  EXPECT_EQ(hex_of(std::string(56, 'x')), "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e");
  EXPECT_EQ(hex_of(std::string(64, 'x')), "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c");
}

// Whether this processor has instructions for it or not: the portable rounds give the same state.
TEST(Sha256, EveryProcessorMixesAlike) {
  std::string data;
  for (int i = 0; i < 64 * 5; ++i) data += static_cast<char>(i * 37 + i / 7);
  uint32_t a[8], b[8];
  for (uint32_t i = 0; i < 8; ++i) a[i] = b[i] = 0x9e3779b9u * (i + 1);
  sha256_mix(a, reinterpret_cast<const uint8_t*>(data.data()), 5);
  sha256_mix_portable(b, reinterpret_cast<const uint8_t*>(data.data()), 5);
  EXPECT_TRUE(std::equal(a, a + 8, b));
}

}  // namespace
}  // namespace dt
