// The loop on a GPU, with a GPU that computes on the host: recording, buckets, faults.
#include <gtest/gtest.h>

#include "backend_support.h"
#include "backends/gpu/gpu_backend.h"
#include "backends/reference/reference_backend.h"
#include "host_gpu.h"
#include "runtime/opening_log.h"

namespace dt::test {
namespace {

class Gpu : public testing::Test {
 protected:
  std::unique_ptr<GpuBackend> create(std::vector<size_t> batches = {1, 4}, size_t scratch = 4096,
                                     HopOptions options = {}) {
    const Log log{[](void* user, int32_t, const char* text) {
                    static_cast<std::vector<std::string>*>(user)->push_back(text);
                  },
                  &messages_};
    auto engines = std::make_unique<HostEngines>(
        bundle_, state_, std::map<size_t, std::vector<size_t>>{{kWindow, batches}, {kWindow + 6, batches}},
        scratch);
    return std::make_unique<GpuBackend>(bundle_, "host-gpu", std::make_unique<HostDevice>(state_),
                                        std::move(engines), log, options);
  }
  // What the reference backend makes of the same streams, one by one.
  std::vector<std::vector<float>> expected(size_t n) {
    const auto judge = reference_backend_factory().create(bundle_, {});
    Crowd crowd(n, judge.get());
    const auto session = judge->make_session(1, kShape);
    for (size_t i = 0; i < n; ++i) crowd.run(session.get(), i, 1);
    return crowd.results();
  }

  Bundle bundle_ = bundle_of_networks();
  std::shared_ptr<HostGpuState> state_ = std::make_shared<HostGpuState>();
  std::vector<std::string> messages_;
};

TEST(ChooseBucket, TakesTheSmallestThatHoldsAll) {
  const std::vector<size_t> buckets{1, 8, 64};
  EXPECT_EQ(choose_bucket(buckets, 1), 1u);
  EXPECT_EQ(choose_bucket(buckets, 2), 8u);
  EXPECT_EQ(choose_bucket(buckets, 8), 8u);
  EXPECT_EQ(choose_bucket(buckets, 9), 64u);
  EXPECT_EQ(choose_bucket(buckets, 65), 64u);
}

// The owner of the log may be gone by then: under AddressSanitizer this was a use after free.
TEST_F(Gpu, AWarningAfterOpeningGoesToTheHook) {
  using Texts = std::vector<std::string>;
  const auto keep = [](void* to, int32_t, const char* text) { static_cast<Texts*>(to)->push_back(text); };
  Texts hooked;
  set_log(keep, &hooked, DT_LOG_INFO);
  auto own = std::make_unique<Texts>();
  OpeningLog log(Log{keep, own.get()});
  auto engines = std::make_unique<HostEngines>(
      bundle_, state_, std::map<size_t, std::vector<size_t>>{{kWindow, {1, 4}}}, 4096);
  GpuBackend backend(bundle_, "host-gpu", std::make_unique<HostDevice>(state_), std::move(engines),
                     log.log());
  backend.make_session(1, kShape);
  EXPECT_TRUE(own->empty());
  log.end();
  own = nullptr;
  state_->fail_capture = true;
  backend.make_session(4, kShape);
  set_log(nullptr, nullptr, DT_LOG_INFO);
  ASSERT_EQ(hooked.size(), 1u);
  EXPECT_NE(hooked[0].find("could not be recorded"), std::string::npos) << hooked[0];
}

TEST_F(Gpu, IsRecordedOnceAndLaunchedForEveryHop) {
  const auto backend = create();
  const auto session = backend->make_session(1, kShape);
  EXPECT_EQ(state_->n_captures, 1);
  Crowd crowd(3, backend.get());
  const size_t enqueued = state_->n_enqueued;
  for (size_t i = 0; i < 3; ++i) crowd.run(session.get(), i, 1);
  EXPECT_EQ(state_->n_captures, 1);
  EXPECT_EQ(state_->n_launches, 3);
  EXPECT_EQ(state_->n_enqueued, enqueued + 3) << "the upload of another condition for each";
  EXPECT_EQ(crowd.results(), expected(3));
}

// The condition stays on the device until a place of the batch has another one.
TEST_F(Gpu, AHopOfTheSameStylesIsOneLaunchAndNothingElse) {
  const auto backend = create({4});
  const auto session = backend->make_session(4, kShape);
  Crowd crowd(4, backend.get());
  crowd.condition[1] = crowd.condition[0];
  crowd.run(session.get(), 0, 3);
  const size_t enqueued = state_->n_enqueued;
  crowd.run(session.get(), 0, 3);
  crowd.run(session.get(), 0, 2);  // one leaves
  crowd.run(session.get(), 0, 3);
  EXPECT_EQ(state_->n_enqueued, enqueued);
  crowd.run(session.get(), 1, 3);  // place 1 and 2 have others
  EXPECT_EQ(state_->n_enqueued, enqueued + 1);
}

// With the clock of the host's GPU, which counts pieces of work: 4 uploads, a clear, past and noise; the
// encoder; per step a copy and the denoiser, and the update; past, weights and 3 downloads.
TEST_F(Gpu, ProfilingTellsThePartsApart) {
  const auto backend = create({1, 4}, 4096, {true, true});
  const auto session = backend->make_session(6, kShape);
  Crowd crowd(6, backend.get());
  for (const int64_t hops : {1, 2}) {
    const PhaseTimes times = crowd.run(session.get(), 0, hops == 1 ? 4 : 6);
    EXPECT_EQ(times.update_ns, hops * static_cast<int64_t>(7 + kSteps));
    EXPECT_EQ(times.encoder_ns, hops);
    EXPECT_EQ(times.denoiser_ns, hops * static_cast<int64_t>(2 * kSteps));
    EXPECT_EQ(times.post_ns, hops * 5);
  }
}

TEST_F(Gpu, ProfilingChangesNoBit) {
  for (const bool record : {true, false}) {
    const auto backend = create({1, 4}, 4096, {record, true});
    const auto session = backend->make_session(1, kShape);
    Crowd crowd(3, backend.get());
    for (size_t i = 0; i < 3; ++i) crowd.run(session.get(), i, 1);
    EXPECT_EQ(crowd.results(), expected(3));
  }
}

TEST_F(Gpu, ReplaysGiveTheSameBits) {
  const auto backend = create();
  const auto session = backend->make_session(1, kShape);
  Crowd first(1, backend.get()), again(1, backend.get()), other(2, backend.get());
  first.run(session.get(), 0, 1);
  other.run(session.get(), 1, 1);
  again.run(session.get(), 0, 1);
  EXPECT_EQ(first.results(), again.results());
}

// Streams join and leave: every number of them up to beyond the largest bucket, in one session.
TEST_F(Gpu, TakesAnyNumberOfStreams) {
  const auto backend = create({1, 4});
  const auto session = backend->make_session(11, kShape);
  const std::vector<std::vector<float>> judge = expected(11);
  for (const size_t n : {11u, 1u, 4u, 5u, 2u, 10u, 1u}) {
    Crowd crowd(11, backend.get());
    crowd.run(session.get(), 11 - n, n);
    for (size_t i = 11 - n; i < 11; ++i) {
      const std::vector<float> got = crowd.result(i);
      for (size_t j = 0; j < judge[i].size(); ++j) ASSERT_NEAR(got[j], judge[i][j], 1e-6f) << n;
    }
  }
  EXPECT_EQ(state_->n_captures, 2) << "one for each bucket";
}

TEST_F(Gpu, RecordsAgainWhenTheArenaMoves) {
  const auto backend = create({1, 4});
  const auto one = backend->make_session(1, kShape);
  Crowd before(1, backend.get()), after(1, backend.get());
  before.run(one.get(), 0, 1);
  const auto four = backend->make_session(4, kShape);  // needs four times the scratch memory
  EXPECT_EQ(state_->n_captures, 2);
  after.run(one.get(), 0, 1);
  EXPECT_EQ(state_->n_captures, 3) << "the graph of before had the old addresses";
  EXPECT_EQ(before.results(), after.results());
}

TEST_F(Gpu, ServesSeveralWindowsAndPasts) {
  const auto backend = create();
  const auto a = backend->make_session(1, kShape), b = backend->make_session(1, {kWindow + 6, 3, 9}),
             c = backend->make_session(1, {kWindow, 0, 30}),
             d = backend->make_session(1, {kWindow, kPast, 12});
  EXPECT_EQ(state_->n_captures, 4);
  Crowd crowd(1, backend.get());
  crowd.run(a.get(), 0, 1);
  EXPECT_EQ(crowd.results(), expected(1));
  const std::string message = message_of([&] { backend->make_session(1, {33, 3, 3}); });
  EXPECT_NE(message.find("no window of 33 frames, only 30, 36"), std::string::npos) << message;
}

class GpuCaptureFault : public Gpu, public testing::WithParamInterface<bool> {};

// Either the driver gives no graph, or an engine refuses: announced, and everything goes on.
TEST_P(GpuCaptureFault, IsAnnouncedAndTheHopIsEnqueued) {
  (GetParam() ? state_->fail_capture : state_->refuse_in_capture) = true;
  const auto backend = create();
  const auto session = backend->make_session(1, kShape);
  Crowd crowd(2, backend.get());
  crowd.run(session.get(), 0, 1);
  crowd.run(session.get(), 1, 1);
  EXPECT_EQ(crowd.results(), expected(2));
  EXPECT_EQ(state_->n_launches, 0);
  EXPECT_EQ(state_->n_open_captures, 0) << "a stream was left recording";
  ASSERT_EQ(messages_.size(), 1u);
  EXPECT_NE(messages_[0].find("could not be recorded as one launch"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Both, GpuCaptureFault, testing::Bool());

TEST_F(Gpu, OutOfMemoryTakesASmallerBucketAndSaysSo) {
  state_->memory_bytes = 900000;
  const auto backend = create({1, 4, 64}, 100000);
  const auto session = backend->make_session(64, kShape);
  ASSERT_FALSE(messages_.empty());
  EXPECT_NE(messages_[0].find("no memory for 64 streams at once"), std::string::npos);
  EXPECT_NE(messages_[0].find("at most 4"), std::string::npos);
  Crowd crowd(9, backend.get());
  crowd.run(session.get(), 0, 9);
  const auto judge = expected(9);
  const std::vector<float> got = crowd.result(8);
  for (size_t j = 0; j < judge[8].size(); ++j) EXPECT_NEAR(got[j], judge[8][j], 1e-6f);
}

TEST_F(Gpu, WithoutMemoryForOneStreamItIsAClearError) {
  state_->memory_bytes = 210000;  // the conditioner fits
  const auto backend = create({1, 4}, 100000);
  try {
    backend->make_session(4, kShape);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DT_OUT_OF_MEMORY);
    EXPECT_NE(std::string(e.what()).find("GPU has no memory left"), std::string::npos);
  }
  EXPECT_EQ(state_->n_contexts, 1) << "only the conditioner's is left";
}

TEST_F(Gpu, ALostDeviceStaysLostAndLeavesTheWindow) {
  const auto backend = create();
  const auto session = backend->make_session(1, kShape);
  Crowd crowd(1, backend.get());
  const auto before = crowd.results();
  state_->is_lost = true;
  const std::string first = message_of([&] { crowd.run(session.get(), 0, 1); });
  EXPECT_NE(first.find("the GPU stopped working (the test pulled the card)"), std::string::npos) << first;
  state_->is_lost = false;  // it comes back, but its memory is gone
  EXPECT_EQ(message_of([&] { crowd.run(session.get(), 0, 1); }), first);
  EXPECT_EQ(crowd.results(), before);
}

TEST_F(Gpu, LosingTheDeviceWhileRecordingIsNoFallback) {
  const auto backend = create();
  state_->is_lost = true;
  EXPECT_NE(message_of([&] { backend->make_session(1, kShape); }).find("stopped working"), std::string::npos);
  EXPECT_EQ(state_->n_open_captures, 0);
  EXPECT_TRUE(messages_.empty());
}

// Of the second hop of a crowd: no stream of the first may be changed.
TEST_F(Gpu, AValueThatIsNotFiniteLeavesEveryWindow) {
  const auto backend = create({1, 4});
  const auto session = backend->make_session(6, kShape);
  Crowd crowd(6, backend.get());
  crowd.condition[5][kCondition] = std::nanf("");  // of the second step
  const auto before = crowd.results();
  EXPECT_NE(message_of([&] { crowd.run(session.get(), 0, 6); }).find("not finite"), std::string::npos);
  EXPECT_EQ(crowd.results(), before);
  crowd.run(session.get(), 0, 5);  // the others go on
  EXPECT_NE(crowd.result(0), before[0]);
}

// A program that works on another device of its own goes on doing so.
TEST_F(Gpu, GivesTheThreadBackTheDeviceThatItHad) {
  const int of_the_program = 0;
  state_->current = &of_the_program;
  {
    const auto backend = create();
    EXPECT_EQ(state_->current, &of_the_program);
    const auto session = backend->make_session(4, kShape);
    Crowd crowd(2, backend.get());
    crowd.run(session.get(), 0, 2);
    EXPECT_EQ(state_->current, &of_the_program);
    void* const memory = backend->device()->allocate(64);
    const DeviceEvent event = backend->device()->make_event();
    backend->device()->release(memory);
    backend->device()->release_event(event);
    EXPECT_EQ(state_->current, &of_the_program);
    state_->memory_bytes = 0;
    EXPECT_THROW(backend->device()->allocate(64), Error);
    EXPECT_EQ(state_->current, &of_the_program) << "after a fault";
  }
  EXPECT_EQ(state_->current, &of_the_program) << "after the model has gone";
}

TEST_F(Gpu, EnrollsAndConditionsLikeTheReference) {
  const auto backend = create();
  const auto judge = reference_backend_factory().create(bundle_, {});
  const std::vector<float> mel = random_values(33 * kMels, 3), style = {0.5f, -2.0f};
  std::vector<float> got(2), want(2), condition(backend->condition_size()), wanted(condition.size());
  const auto session = backend->make_session(1, kShape);
  const int captures = state_->n_captures;
  const size_t used = state_->used_bytes;
  backend->enroll(mel.data(), 33, got.data());
  EXPECT_EQ(state_->used_bytes, used);
  judge->enroll(mel.data(), 33, want.data());
  EXPECT_EQ(got, want);
  backend->condition(style.data(), condition.data());
  judge->condition(style.data(), wanted.data());
  EXPECT_EQ(condition, wanted);
  Crowd crowd(1, backend.get());
  crowd.run(session.get(), 0, 1);
  EXPECT_EQ(state_->n_captures, captures) << "neither may move what is recorded";
}

}  // namespace
}  // namespace dt::test
