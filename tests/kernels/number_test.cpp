// The small numbers under the kernels: division by multiplication.
#include "kernels/fast_divide.h"
#include "place.h"

namespace dt::test {
namespace {

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
