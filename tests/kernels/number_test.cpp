// The small numbers under the kernels: binary16, division by multiplication.
#include <cmath>
#include <cstring>

#include "kernels/fast_divide.h"
#include "place.h"

namespace dt::test {
namespace {

// Every binary16 goes to float and back unchanged.
TEST(Half, EveryValueSurvives) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = half_to_float(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_EQ(float_to_half(value), 0x7FFF);
    } else {
      ASSERT_EQ(float_to_half(value), bits);
    }
  }
}

// IEEE 754: halfway goes to even, the rest to the nearest; past 65504 + 16 to infinity.
TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(float_to_half(1.0f + 0x1p-11f), 0x3C00);
  EXPECT_EQ(float_to_half(1.0f + 3 * 0x1p-11f), 0x3C02);
  EXPECT_EQ(float_to_half(1.0f + 0x1.002p-11f), 0x3C01);
  EXPECT_EQ(float_to_half(65519.0f), 0x7BFF);
  EXPECT_EQ(float_to_half(-65520.0f), 0xFC00);
  EXPECT_EQ(float_to_half(0x1p-25f), 0x0000);
  EXPECT_EQ(float_to_half(0x1.8p-24f), 0x0002);
  EXPECT_EQ(float_to_half(-0.0f), 0x8000);
}

TEST(FastDivide, IsDivision) {
  std::mt19937 engine(test_seed());
  const uint32_t edges[] = {1, 2, 3, 5, 7, 52, 255, 256, 257, 300000, 65537, 0x7FFFFFFF, 0x80000000};
  for (int i = 0; i < 2000; ++i) {
    const uint32_t d = i < 13 ? edges[i] : 1 + (engine() >> (1 + i % 31));
    const FastDivide divide(d);
    for (const uint32_t n : {0u, 1u, d - 1, d, d + 1, 2 * d - 1, 0x7FFFFFFFu, uint32_t(engine() >> 1)}) {
      if (n > 0x7FFFFFFF) continue;
      ASSERT_EQ(divide.quotient(n), n / d) << n << " / " << d;
      ASSERT_EQ(divide.remainder(n), n % d) << n << " / " << d;
    }
  }
}

}  // namespace
}  // namespace dt::test
