// What stands behind the functions of the C ABI: handles, and the wall of exceptions.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "api/guard.h"
#include "api/handle_table.h"

namespace dt {
namespace {

using SmallTable = HandleTable<int, 3, uint32_t>;  // as on a machine of 32 bits
constexpr uint32_t kPlaces = 1u << 14, kObjectsOfAPlace = 1u << 14;

void release(SmallTable* table, uint32_t handle) {
  SmallTable::Guard guard(table, handle);
  ASSERT_NE(guard.get(), nullptr);
  ASSERT_TRUE(guard.release());
}

TEST(HandleTable, OldHandlesStayDeadWhenTheirPlaceHasUsedUpItsNumbers) {
  SmallTable table;
  const uint32_t first = table.insert(std::make_unique<int>(-1));
  release(&table, first);
  for (uint32_t i = 0; i < 3 * kObjectsOfAPlace; ++i) {
    const uint32_t handle = table.insert(std::make_unique<int>(static_cast<int>(i)));
    ASSERT_NE(handle, first) << i;
    ASSERT_EQ(SmallTable::Guard(&table, first).get(), nullptr) << i;
    ASSERT_EQ(*SmallTable::Guard(&table, handle).get(), static_cast<int>(i));
    release(&table, handle);
  }
}

TEST(HandleTable, HoldsAsManyObjectsAsItHasPlaces) {
  SmallTable table;
  std::vector<uint32_t> handles;
  for (uint32_t i = 0; i < kPlaces; ++i) handles.push_back(table.insert(std::make_unique<int>(0)));
  EXPECT_THROW(table.insert(std::make_unique<int>(0)), std::bad_alloc);
  for (const uint32_t handle : handles) release(&table, handle);
}

// As vectors do before they ask for memory.
TEST(Guard, SaysOutOfMemoryWhereALengthIsBeyondIt) {
  EXPECT_EQ(guard([] { std::vector<double>().resize(SIZE_MAX / 2); }), DT_OUT_OF_MEMORY);
  EXPECT_STREQ(last_error(), "out of memory");
}

}  // namespace
}  // namespace dt
