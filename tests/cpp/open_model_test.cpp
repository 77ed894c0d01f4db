// Which backend a bundle is opened on, which profile is compiled, and where messages go while and after that.
#include "runtime/open_model.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "common/log.h"
#include "fake_backend.h"
#include "runtime/opening_log.h"

namespace dt::test {
namespace {

using Texts = std::vector<std::string>;

Log log_into(Texts* texts) {
  return {[](void* user, int32_t, const char* text) { static_cast<Texts*>(user)->push_back(text); }, texts};
}

// Compiles the windows of `known` only (all of them when it is empty), fails with `fault` otherwise, and logs
// whatever it makes.
class PickyBackend : public FakeBackend {
 public:
  PickyBackend(Recorder* recorder, const Bundle& bundle, const Log& log, std::set<size_t> known,
               dt_status fault)
      : FakeBackend(recorder, bundle), log_(log), known_(std::move(known)), fault_(fault) {}
  std::unique_ptr<Session> make_session(size_t batch, const WindowShape& shape) override {
    log_.warning("a session");
    if (!known_.empty() && known_.count(shape.frames) == 0) throw Error(fault_, "no such window");
    return FakeBackend::make_session(batch, shape);
  }

 private:
  const Log log_;
  const std::set<size_t> known_;
  const dt_status fault_;
};

class OpenModel : public testing::Test {
 protected:
  size_t window(const char* profile) {
    return static_cast<size_t>(bundle_.manifest.profile(profile).window_frames());
  }
  Candidate picky(const std::string& name, std::set<size_t> known = {}, dt_status fault = DT_UNSUPPORTED) {
    BackendDescription d;
    d.name = name;
    d.precisions = {"f32"};
    d.default_precision = "f32";
    d.as_fallback = "the " + name + " backend";
    return {d, [=](const Bundle& bundle, const BackendOptions& options) {
              created_.push_back(name);
              return std::make_unique<PickyBackend>(&recorder_, bundle, options.log, known, fault);
            }};
  }
  std::shared_ptr<Model> open(const std::vector<Candidate>& all, const std::string& precision = "auto") {
    BackendOptions options;
    options.precision = precision;
    options.log = log_into(&messages_);
    return open_on_first(all, bundle_, options);
  }
  dt_status failure(const std::vector<Candidate>& all, const std::string& precision = "auto") {
    try {
      open(all, precision);
    } catch (const Error& e) {
      return e.status();
    }
    return DT_OK;
  }

  Recorder recorder_;
  Bundle bundle_ = load_bundle(tiny_source(tiny_manifest()));
  Texts messages_, created_;
};

constexpr size_t kNoWindow = 1;

TEST_F(OpenModel, TriesTheNextBackendWhenTheNetworksOfTheFirstDoNotStart) {
  for (const dt_status fault : {DT_NO_BACKEND, DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR, DT_UNSUPPORTED}) {
    messages_.clear();
    created_.clear();
    const auto model = open({picky("first", {kNoWindow}, fault), picky("second")});
    EXPECT_EQ(created_, (Texts{"first", "second"}));
    EXPECT_EQ(model->precision(), "f32");
    ASSERT_FALSE(messages_.empty());
    EXPECT_EQ(messages_[messages_.size() - 2], "using the second backend: no such window");
  }
}

TEST_F(OpenModel, TriesNoOtherBackendForAFaultOfTheBundle) {
  EXPECT_EQ(failure({picky("first", {kNoWindow}, DT_BAD_BUNDLE), picky("second")}), DT_BAD_BUNDLE);
  EXPECT_EQ(created_, Texts{"first"});
}

TEST_F(OpenModel, FallsBackToNoBackendWithoutThePrecision) {
  Candidate first = picky("first", {kNoWindow}, DT_INTERNAL_ERROR);
  first.description.precisions = {"f16"};
  EXPECT_EQ(failure({first, picky("second")}, "f16"), DT_INTERNAL_ERROR);
  EXPECT_EQ(created_, Texts{"first"});
}

TEST_F(OpenModel, TellsTheFaultOfTheLastBackend) {
  EXPECT_EQ(
      failure({picky("first", {kNoWindow}, DT_NO_BACKEND), picky("last", {kNoWindow}, DT_OUT_OF_MEMORY)}),
      DT_OUT_OF_MEMORY);
}

TEST_F(OpenModel, TakesTheProfileThatThereAreEnginesFor) {
  const std::string usual = bundle_.manifest.default_profile;
  const Profile* other = nullptr;
  for (const Profile& p : bundle_.manifest.profiles) {
    if (p.window_frames() != bundle_.manifest.profile(nullptr).window_frames()) other = &p;
  }
  ASSERT_NE(other, nullptr) << "the tiny bundle has profiles of one window only";
  const auto model = open({picky("only", {window(other->name.c_str())})});
  EXPECT_EQ(messages_.back(),
            "the default profile \"" + usual +
                "\" cannot be used (no such window): streams must name another, for example \"" +
                other->name + "\"");
  EXPECT_THROW(model->sessions().warm_up(Model::shape(model->manifest().profile(nullptr), 1)), Error);
}

// Two windows side by side for each worker, and none for the default profile, which nobody asked for.
TEST_F(OpenModel, PreparesTheNamedProfilesForEveryWorker) {
  std::vector<std::string> others;
  for (const Profile& p : bundle_.manifest.profiles) {
    if (p.window_frames() != bundle_.manifest.profile(nullptr).window_frames()) others.push_back(p.name);
  }
  ASSERT_FALSE(others.empty()) << "the tiny bundle has profiles of one window only";
  BackendOptions options;
  options.log = log_into(&messages_);
  options.n_workers = 3;
  const auto model =
      open_on_first({picky("only", {window(others[0].c_str())})}, bundle_, options, {others[0]});
  EXPECT_EQ(messages_, Texts(3, "a session"));
  const SessionShape prepared = Model::shape(model->manifest().profile(others[0].c_str()), 1);
  model->sessions().warm_up(prepared, 3);
  EXPECT_EQ(messages_.size(), 3u) << "the sessions are there already";
}

TEST_F(OpenModel, RefusesAnUnknownProfileBeforeAnyBackendStarts) {
  try {
    open_on_first({picky("only")}, bundle_, BackendOptions(), {"no such profile"});
    FAIL() << "it opened";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DT_INVALID_ARGUMENT);
  }
  EXPECT_TRUE(created_.empty());
}

// A named profile is a wish, not a default: another one does not do.
TEST_F(OpenModel, TakesTheNextBackendWhereANamedProfileCannotBePrepared) {
  const std::string usual = bundle_.manifest.default_profile;
  BackendOptions options;
  options.log = log_into(&messages_);
  open_on_first({picky("first", {kNoWindow}), picky("second")}, bundle_, options, {usual});
  EXPECT_EQ(created_, (Texts{"first", "second"}));
}

TEST_F(OpenModel, NeedsEnginesForOneProfileAtLeast) {
  EXPECT_EQ(failure({picky("only", {kNoWindow})}), DT_UNSUPPORTED);
}

// The owner of a model's log may throw it away when opening has returned; a backend goes on logging.
TEST_F(OpenModel, MessagesGoToTheHookOnceOpeningIsOver) {
  Texts hooked;
  set_log([](void* user, int32_t, const char* text) { static_cast<Texts*>(user)->push_back(text); }, &hooked,
          DT_LOG_INFO);
  auto own = std::make_unique<Texts>();
  OpeningLog log(log_into(own.get()));
  BackendOptions options;
  options.log = log.log();
  const auto model = open_on_first({picky("only")}, bundle_, options);
  EXPECT_EQ(*own, Texts{"a session"});
  EXPECT_TRUE(hooked.empty());
  log.end();
  own = nullptr;
  model->sessions().warm_up(Model::shape(model->manifest().profile(nullptr), 4));
  EXPECT_EQ(hooked, Texts{"a session"});
  set_log(nullptr, nullptr, DT_LOG_INFO);
}

// Beside this program lies no module: what is built in is tried, and what is missing only where nothing else
// has the precision.
TEST(Candidates, AreThoseThatAreHereAndHaveThePrecision) {
  const auto names = [](const char* backend, const char* precision) {
    Texts found;
    for (const Candidate& c : candidates(backend, precision)) found.push_back(c.description.name);
    return found;
  };
  EXPECT_EQ(names("auto", "auto"), (Texts{"cpu", "reference"}));
  EXPECT_EQ(names("auto", "bf16"), Texts{"cpu"});
  EXPECT_EQ(names("auto", "f16"), Texts{"tensorrt"});
  EXPECT_EQ(names("openvino", "f16"), Texts{"openvino"});
  EXPECT_THROW(candidates("abacus", "auto"), Error);
}

TEST_F(OpenModel, WarningsOfTheOpeningAreKept) {
  OpeningLog log(Log{});
  BackendOptions options;
  options.log = log.log();
  EXPECT_EQ(log.warnings(), "");
  open_on_first({picky("first", {kNoWindow}, DT_NO_BACKEND), picky("second")}, bundle_, options);
  EXPECT_EQ(log.warnings(), "a session\nusing the second backend: no such window\na session");
  log.end();
  log.log().warning("later");
  log.log().info("quieter");
  EXPECT_EQ(log.warnings().find("later"), std::string::npos);
}

TEST_F(OpenModel, MessagesGoToTheHookWhereNoLogIsNamed) {
  Texts hooked;
  set_log([](void* user, int32_t, const char* text) { static_cast<Texts*>(user)->push_back(text); }, &hooked,
          DT_LOG_WARNING);
  OpeningLog log(Log{});
  log.log().warning("one");
  log.log().info("two");
  EXPECT_EQ(hooked, Texts{"one"});
  set_log(nullptr, nullptr, DT_LOG_INFO);
}

}  // namespace
}  // namespace dt::test
