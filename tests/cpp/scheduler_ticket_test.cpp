// A stream's place in a scheduler: who may hold it, when its windows are due, and flights that a restart
// voids.
#include "runtime/scheduler_ticket.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "common/error.h"

namespace dt::test {
namespace {

constexpr int64_t kHopNs = 100, kAllowedNs = 70;
const int one = 0, other = 0;  // addresses of schedulers

int64_t deadline_at(SchedulerTicket* ticket, int64_t now_ns, int64_t* ready_ns = nullptr) {
  int64_t ready = 0;
  const int64_t deadline = ticket->deadline(now_ns, kAllowedNs, kHopNs, &ready);
  if (ready_ns != nullptr) *ready_ns = ready;
  return deadline;
}

TEST(SchedulerTicket, BelongsToOneScheduler) {
  SchedulerTicket ticket;
  EXPECT_TRUE(ticket.is_free());
  ticket.join(&one);
  EXPECT_TRUE(ticket.is_of(&one));
  try {
    ticket.join(&other);
    FAIL() << "two schedulers hold the stream";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DT_BUSY);
  }
  std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  ticket.leave(&other, &lock);
  EXPECT_TRUE(ticket.is_of(&one));
  ticket.leave(&one, &lock);
  EXPECT_TRUE(ticket.is_free());
}

TEST(SchedulerTicket, ADeadlineStaysUntilTheWindowIsDone) {
  SchedulerTicket ticket;
  int64_t ready = 0;
  EXPECT_EQ(deadline_at(&ticket, 1000, &ready), 1070);
  EXPECT_EQ(deadline_at(&ticket, 1050, &ready), 1070);
  EXPECT_EQ(ready, 1000);
  EXPECT_EQ(ticket.close_deadline(1060), 0);
  EXPECT_EQ(ticket.close_deadline(9999), 0) << "no window was due";
}

TEST(SchedulerTicket, WindowsAreDueAHopApartAtLeast) {
  SchedulerTicket ticket;
  deadline_at(&ticket, 1000);
  ticket.close_deadline(1010);
  EXPECT_EQ(deadline_at(&ticket, 1020), 1170);  // 1020 + 70 would be sooner
  ticket.close_deadline(1030);
  EXPECT_EQ(deadline_at(&ticket, 5000), 5070);
}

TEST(SchedulerTicket, ALateWindowTellsByHowMuchAndTheNextIsDueAHopAfterIt) {
  SchedulerTicket ticket;
  deadline_at(&ticket, 1000);
  EXPECT_EQ(ticket.close_deadline(1200), 130);
  ticket.chain_deadline(1200, kHopNs);
  int64_t ready = 0;
  EXPECT_EQ(deadline_at(&ticket, 1300, &ready), 1170);
  EXPECT_EQ(ready, 1200);
}

TEST(SchedulerTicket, ClearedDeadlinesAreNobodysLateness) {
  SchedulerTicket ticket;
  deadline_at(&ticket, 1000);
  ticket.clear_deadline();
  EXPECT_EQ(ticket.close_deadline(5000), 0);
  EXPECT_EQ(deadline_at(&ticket, 6000), 6070);
}

TEST(SchedulerTicket, ARestartVoidsTheWindowInFlight) {
  SchedulerTicket ticket;
  ticket.begin_flight();
  EXPECT_TRUE(ticket.has_valid_flight());
  EXPECT_TRUE(ticket.end_flight());
  ticket.begin_flight();
  ticket.restart();
  EXPECT_TRUE(ticket.in_flight());
  EXPECT_FALSE(ticket.has_valid_flight());
  EXPECT_FALSE(ticket.end_flight());
  EXPECT_FALSE(ticket.in_flight());
}

TEST(SchedulerTicket, LeavingWaitsForTheWindowInFlight) {
  SchedulerTicket ticket;
  std::mutex mutex;
  ticket.join(&one);
  ticket.begin_flight();
  bool was_back = false;
  std::thread scheduler([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::lock_guard<std::mutex> lock(mutex);
    was_back = true;
    ticket.end_flight();
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    ticket.leave(&one, &lock);
    EXPECT_TRUE(was_back);
    EXPECT_TRUE(ticket.is_free());
  }
  scheduler.join();
}

}  // namespace
}  // namespace dt::test
