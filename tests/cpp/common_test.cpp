// Small parts that guard others: names of files, products of sizes, texts for people.
#include <gtest/gtest.h>

#include <string>

#include "common/checked_size.h"
#include "common/printable.h"
#include "common/ring_place.h"
#include "core/file_name.h"
#include "tiny_bundle.h"

namespace dt {
namespace {

using test::message_of;

TEST(FileName, IsPlainOnEverySystem) {
  for (const char* name :
       {"a", "denoiser.onnx", "README.md", "..a", "\xc3\xa4.txt", "console", "com", "com10", "null.txt"}) {
    EXPECT_TRUE(is_plain_file_name(name)) << name;
  }
  for (const char* name :
       {"",   ".",   "..",       "a/b",      "/a",   "a\\b", "C:a", "a\x01", "a\x7f", "a.",
        "a ", "NUL", "nul.onnx", "Com1.txt", "lpt9", "con",  "a*",  "a?",    "a|b",   "a<b"}) {
    EXPECT_FALSE(is_plain_file_name(name)) << name;
  }
  EXPECT_TRUE(is_plain_file_name(std::string(255, 'a')));
  EXPECT_FALSE(is_plain_file_name(std::string(256, 'a')));
  EXPECT_FALSE(is_plain_file_name(std::string("a\0b", 3)));
}

TEST(CheckedSize, ProductsNeverWrap) {
  constexpr uint64_t k32Bits = UINT32_MAX;
  EXPECT_TRUE(product_fits({uint64_t{1} << 20, uint64_t{1} << 11}, uint64_t{1} << 31));
  EXPECT_FALSE(product_fits({uint64_t{1} << 20, uint64_t{1} << 20, uint64_t{1} << 20, 4}, k32Bits));  // 2^62
  EXPECT_FALSE(product_fits({UINT64_MAX, UINT64_MAX}, UINT64_MAX));
  EXPECT_FALSE(product_fits({uint64_t{1} << 32, uint64_t{1} << 32}, UINT64_MAX));  // 2^64 is 0 in 64 bits
  EXPECT_TRUE(product_fits({UINT64_MAX, 0}, 0));
  EXPECT_TRUE(product_fits({}, 1));
  EXPECT_EQ(checked_count({3, 5, 7}, 8, DT_BAD_BUNDLE, "x"), 105u);
  EXPECT_EQ(checked_count({0, UINT64_MAX}, 8, DT_BAD_BUNDLE, "x"), 0u);
  const auto asked = [](std::initializer_list<uint64_t> factors, size_t element_bytes) {
    return message_of([&] { checked_count(factors, element_bytes, DT_BAD_BUNDLE, "x"); });
  };
  EXPECT_EQ(asked({uint64_t{1} << 40, uint64_t{1} << 40}, 1), "x is more than memory can hold");
  EXPECT_EQ(asked({uint64_t{1} << 62}, 4), "x is more than memory can hold");  // 2^64 bytes
  EXPECT_EQ(asked({PTRDIFF_MAX / 4 + uint64_t{1}}, 4), "x is more than memory can hold");
}

TEST(RingPlace, IsTheRemainderOfThePositionInAllItsBits) {
  EXPECT_EQ(ring_place(0, 7), 0u);
  EXPECT_EQ(ring_place(20, 7), 6u);
  EXPECT_EQ(ring_place((int64_t{1} << 32) + 1, 3), 2u);  // (2^32 mod 3) + 1; 32 bits would give 1
  EXPECT_EQ(ring_place((int64_t{1} << 53) + 2, 5), 4u);  // 2^53 mod 5 is 2
}

TEST(Printable, IsOneLineOfUtf8WithoutControls) {
  EXPECT_EQ(printable("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"),
            "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a b c d");
  EXPECT_EQ(printable("\x1b[31mred\x07\x7f"), "?[31mred??");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "?2J");  // a C1 control: CSI in one character
  EXPECT_EQ(printable("\xff\xc3(\xed\xa0\x80"),
            "\?\?(???");  // no UTF-8: a stray byte, half a character, a surrogate
  EXPECT_EQ(printable("\xc0\xaf\xe0\x80\xaf\xf4\x90\x80\x80"), "?????????");  // overlong, beyond U+10FFFF
  EXPECT_EQ(printable("\xe2\x82"), "??");                                     // cut
  char small[5];
  copy_printable("ab\xe2\x82\xac", small, sizeof(small));
  EXPECT_STREQ(small, "ab");
  copy_printable(small, small, sizeof(small));  // in place
  EXPECT_STREQ(small, "ab");
}

}  // namespace
}  // namespace dt
