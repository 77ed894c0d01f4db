#include "core/bundle.h"

#include <gtest/gtest.h>

#include <functional>

#include "tiny_bundle.h"

namespace dt {
namespace {

using nlohmann::json;
using test::message_of;
using test::tensor_file;
using test::tiny_identities;
using test::tiny_manifest;
using test::tiny_source;

TEST(Bundle, LoadsWhatItSays) {
  const Bundle b = load_bundle(tiny_source());
  EXPECT_EQ(b.audio_encoder, "encoder");
  EXPECT_EQ(b.conditioner, "conditioner");
  EXPECT_EQ(b.denoiser, "denoiser");
  EXPECT_EQ(b.style_encoder, "");
  EXPECT_EQ(b.identities.data, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(b.manifest.identity_index(nullptr), 1u);
  EXPECT_EQ(b.manifest.profile(nullptr).window_frames(), 30);
  EXPECT_EQ(b.manifest.mel_frames(-18), -60);
}

TEST(Bundle, ListsTheNamesThereAre) {
  const Bundle b = load_bundle(tiny_source());
  EXPECT_EQ(message_of([&] { b.manifest.identity_index("eve"); }),
            "unknown identity \"eve\": the bundle has ada, ben");
  EXPECT_EQ(message_of([&] { b.manifest.profile("x"); }), "unknown profile \"x\": the bundle has bare, live");
}

TEST(Bundle, StylesAreRowsOfIdentityAndEmotion) {
  json manifest = tiny_manifest();
  manifest["identities"]["emotions"] = {"calm", "glad", "sad"};
  manifest["identities"]["default_emotion"] = "glad";
  std::vector<float> values(12);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const Bundle b = load_bundle(tiny_source(manifest, tensor_file("identities", "[2,3,2]", values)));
  EXPECT_EQ(b.identities.cols, 2u);
  EXPECT_EQ(b.identities.data, values);
  EXPECT_EQ(b.style_row("ada", "calm"), 0u);
  EXPECT_EQ(b.style_row("ada", nullptr), 1u);
  EXPECT_EQ(b.style_row(nullptr, "sad"), 5u);
  EXPECT_EQ(message_of([&] { b.style_row("ada", "bad"); }),
            "unknown emotion \"bad\": the bundle has calm, glad, sad");
  const Bundle without = load_bundle(tiny_source());
  EXPECT_EQ(without.style_row("ben", nullptr), 1u);
  EXPECT_NE(message_of([&] { without.style_row("ben", "sad"); }).find("the model has no emotions"),
            std::string::npos);
}

json manifest_with_channels(const std::vector<std::string>& channels) {
  json manifest = tiny_manifest();
  manifest["motion"].update(
      {{"channels", channels}, {"mean", 0}, {"std", 1}, {"min", -1}, {"max", 1}, {"rest", 0}});
  return manifest;
}

TEST(Bundle, HeadPoseIsAGroupBehindTheWeights) {
  const json manifest = manifest_with_channels({"jawOpen", "mouthClose", "headYaw", "headPitch", "headRoll"});
  const Bundle b = load_bundle(tiny_source(manifest));
  EXPECT_TRUE(b.manifest.motion.has_head_pose);
  EXPECT_EQ(b.manifest.motion.n_channels(), 5);
  EXPECT_EQ(b.manifest.motion.n_weights(), 2);
  const Bundle without = load_bundle(tiny_source());
  EXPECT_FALSE(without.manifest.motion.has_head_pose);
  EXPECT_EQ(without.manifest.motion.n_weights(), 2);
}

TEST(Bundle, HeadPoseIsWholeLastAndRestsAhead) {
  const std::vector<std::vector<std::string>> wrong = {{"headYaw", "headPitch", "headRoll"},
                                                       {"jawOpen", "headYaw", "headPitch"},
                                                       {"jawOpen", "headPitch", "headYaw", "headRoll"},
                                                       {"headYaw", "headPitch", "headRoll", "jawOpen"}};
  for (const auto& channels : wrong) {
    const json manifest = manifest_with_channels(channels);
    EXPECT_NE(message_of([&] { load_bundle(tiny_source(manifest)); }).find("has a head pose elsewhere"),
              std::string::npos);
  }
  json manifest = manifest_with_channels({"jawOpen", "headYaw", "headPitch", "headRoll"});
  manifest["motion"]["rest"] = {0.1, 0, 0, 0.1};
  EXPECT_NE(message_of([&] { load_bundle(tiny_source(manifest)); }).find("is not 0, the rest of a head pose"),
            std::string::npos);
  manifest["motion"]["space"] = "coefficients";
  manifest["motion"]["rest"] = 0;
  EXPECT_NE(message_of([&] { load_bundle(tiny_source(manifest)); }).find("behind blendshapes"),
            std::string::npos);
}

TEST(Bundle, VerticesHaveANumberInsteadOfNames) {
  json manifest = tiny_manifest();
  manifest["motion"] = {{"space", "vertices"}, {"n_channels", 6}, {"fps_num", 25},
                        {"fps_den", 1},        {"mean", 0.5},     {"std", 2},
                        {"min", -1e6},         {"max", 1e6},      {"rest", {0, 1, 2, 3, 4, 5}}};
  manifest["audio"]["mel_frames_per_group"] = 4;
  manifest["audio"]["anim_frames_per_group"] = 1;
  manifest["rig"] = {{"file", "r.safetensors"}, {"unit_m", nullptr}};
  const auto load = [&](const std::string& rig) {
    return load_bundle(tiny_source(manifest, tiny_identities(), {{"r.safetensors", rig}}));
  };
  const Bundle b = load(tensor_file("template", "[2,3]", std::vector<float>(6)));
  const MotionSpec& motion = b.manifest.motion;
  EXPECT_EQ(motion.n_channels(), 6);
  EXPECT_TRUE(motion.channels.empty());
  EXPECT_EQ(motion.std, std::vector<float>(6, 2.0f));
  EXPECT_EQ(motion.rest, (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(b.manifest.mel_frames(-7), -28);
  EXPECT_NE(message_of([&] {
              load(tensor_file("template", "[1,3]", std::vector<float>(3)));
            }).find("r.safetensors: template has 3 numbers, the motion has 6"),
            std::string::npos);
}

TEST(Bundle, RefusesDamagedFiles) {
  auto source = tiny_source();
  source.files["d.onnx"][3] ^= 1;
  EXPECT_NE(message_of([&] { load_bundle(source); }).find("SHA-256 of memory/d.onnx"), std::string::npos);
  source.files["d.onnx"].pop_back();
  EXPECT_NE(message_of([&] { load_bundle(source); }).find("memory/d.onnx has 7 of 8 bytes"),
            std::string::npos);
  source.files["d.onnx"] += "more";
  EXPECT_NE(message_of([&] { load_bundle(source); }).find("more than the 8 bytes"), std::string::npos);
  source.files.erase("d.onnx");
  EXPECT_EQ(message_of([&] { load_bundle(source); }), "no d.onnx");
  source.files["bundle.json"] = "{";
  EXPECT_NE(message_of([&] { load_bundle(source); }).find("bundle.json is not valid JSON"),
            std::string::npos);
}

struct Fault {
  const char* name;
  const char* path;   // JSON pointer of the value to change
  const char* value;  // JSON, or "" to remove it
  const char* message;
};

class BadManifest : public testing::TestWithParam<Fault> {};

TEST_P(BadManifest, NamesTheKey) {
  const Fault& fault = GetParam();
  json manifest = tiny_manifest();
  const json::json_pointer path(fault.path);
  if (*fault.value == '\0') {
    manifest[path.parent_pointer()].erase(path.back());
  } else {
    manifest[path] = json::parse(fault.value);
  }
  const std::string message = message_of([&] { load_bundle(tiny_source(manifest)); });
  EXPECT_NE(message.find(fault.message), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, BadManifest,
    testing::Values(
        Fault{"format", "/format", "\"zip\"", "format is not"},
        Fault{"newer", "/format_version", "3",
              "bundle.json is of format version 3, this library reads 2: update diffusiontalker"},
        Fault{"older", "/format_version", "1",
              "bundle.json is of format version 1, made by an earlier version of diffusiontalker, and this "
              "library reads 2: export the model again"},
        Fault{"no_conditioner", "/networks/conditioner", "", "the key networks.conditioner is missing"},
        Fault{"no_condition", "/networks/conditioner/n_condition", "0", "n_condition is 0, expected 1"},
        Fault{"style_encoder", "/networks/style_encoder",
              R"({"file": "e.onnx", "min_mel_frames": 9, "max_mel_frames": 8})",
              "max_mel_frames is 8, expected 9"},
        Fault{"unlisted_style_encoder", "/networks/style_encoder",
              R"({"file": "s.onnx", "min_mel_frames": 9, "max_mel_frames": 9})", "no entry for \"s.onnx\""},
        Fault{"missing", "/motion/std", "", "the key motion.std is missing"},
        Fault{"space", "/motion/space", "\"curves\"",
              "motion.space is \"curves\", expected blendshapes, vertices"},
        Fault{"names_of_vertices", "/motion/space", "\"vertices\"", "motion.channels is not for vertices"},
        Fault{"number_of_names", "/motion/n_channels", "3", "motion.n_channels is for vertices only"},
        Fault{"not_triples", "/motion", R"({"space": "vertices", "n_channels": 4})",
              "motion.n_channels is 4, which is not divisible by 3"},
        Fault{"many_vertices", "/motion", R"({"space": "vertices", "n_channels": 300003})",
              "motion.n_channels is 300003, expected 3 to 300000"},
        Fault{"no_vertices", "/motion", R"({"space": "vertices"})", "the key motion.n_channels is missing"},
        Fault{"one_std", "/motion/std", "0", "motion.std is not above zero"},
        Fault{"one_mean", "/motion/mean", "1e300", "motion.mean does not fit a float32"},
        Fault{"one_text", "/motion/mean", "\"a\"", "motion.mean is not an array"},
        Fault{"one_rest", "/motion/rest", "2", "motion.rest is outside min to max"},
        Fault{"no_emotions", "/identities/emotions", "[]", "identities.emotions is empty"},
        Fault{"same_emotion", "/identities/emotions", R"(["a", "a"])", "identities.emotions[1] repeats"},
        Fault{"no_default_emotion", "/identities/emotions", R"(["a", "b"])",
              "the key identities.default_emotion is missing"},
        Fault{"only_default_emotion", "/identities/default_emotion", "\"a\"",
              "the key identities.emotions is missing"},
        Fault{"default_emotion", "/identities",
              R"({"file": "i.safetensors", "tensor": "identities", "names": ["ada", "ben"], "default": "ben",
                  "emotions": ["a", "b"], "default_emotion": "c"})",
              "identities.default_emotion is \"c\", which is not among emotions"},
        Fault{"flat_emotions", "/identities",
              R"({"file": "i.safetensors", "tensor": "identities", "names": ["ada", "ben"], "default": "ben",
                  "emotions": ["a"], "default_emotion": "a"})",
              "identities.shape is not of 3 dimensions"},
        Fault{"rig_of_blendshapes", "/rig", R"({"file": "i.safetensors"})", "rig is for the spaces vertices"},
        Fault{"short_array", "/motion/std", "[1]", "motion.std has 1 numbers, expected 2"},
        Fault{"zero_std", "/motion/std/1", "0", "motion.std[1] is not above zero"},
        Fault{"negative_std", "/motion/std/0", "-1", "motion.std[0] is not above zero"},
        Fault{"not_finite", "/motion/mean/0", "1e300", "motion.mean[0] does not fit a float32"},
        Fault{"text", "/motion/mean/0", "\"a\"", "motion.mean[0] is not a number"},
        Fault{"rest_outside", "/motion/rest/0", "2", "motion.rest[0] is outside"},
        Fault{"min_above_max", "/motion/min/0", "1", "motion.min[0] is not below max"},
        Fault{"noise_scale_above_one", "/motion/noise_scale", "[1, 1.5]",
              "motion.noise_scale[1] is outside 0 to 1"},
        Fault{"same_channel", "/motion/channels/1", "\"jawOpen\"", "motion.channels[1] repeats \"jawOpen\""},
        Fault{"unknown_key", "/motion/fps", "30", "motion has the unknown key \"fps\""},
        Fault{"fps", "/motion/fps_num", "0", "motion.fps_num is 0, expected 1"},
        Fault{"rates", "/motion/fps_num", "25", "last unequally long"},
        Fault{"mel", "/audio/f_max_hz", "9000", "audio.f_max_hz is not between"},
        Fault{"n_fft", "/audio/n_fft", "500", "audio.n_fft is not a power of two"},
        Fault{"prediction", "/sampler/prediction", "\"eps\"", "sampler.prediction is not"},
        Fault{"no_steps", "/sampler/steps", "[]", "sampler.steps has 0 steps"},
        Fault{"chain", "/sampler/steps/1/t", "127", "sampler.steps[1] does not start where"},
        Fault{"alpha_chain", "/sampler/steps/1/alpha_bar", "0.4", "sampler.steps[1] does not start where"},
        Fault{"alpha_order", "/sampler/steps/0/alpha_bar", "0.6", "sampler.steps[0] does not hold"},
        Fault{"last_step", "/sampler/steps/1/alpha_bar_prev", "0.9", "of the last step is not 1"},
        Fault{"group", "/profiles/live/hop_frames", "4",
              "profiles.live.hop_frames is 4, expected a multiple"},
        Fault{"no_hop", "/profiles/live/hop_frames", "0", "profiles.live.hop_frames is 0"},
        Fault{"window", "/profiles/live/past_frames", "291", "profiles.live makes a window of 303 frames"},
        Fault{"default_profile", "/default_profile", "\"x\"", "default_profile names no profile"},
        Fault{"default_identity", "/identities/default", "\"x\"", "identities.default is \"x\""},
        Fault{"rows", "/identities/names", "[\"ben\"]", "has 2 rows, identities.names has 1"},
        Fault{"path", "/networks/denoiser/file", "\"../d.onnx\"", "expected a plain file name"},
        Fault{"unlisted", "/networks/denoiser/file", "\"x.onnx\"", "files has no entry for \"x.onnx\""}),
    [](const testing::TestParamInfo<Fault>& info) { return info.param.name; });

TEST(Bundle, RefusesBadSafetensors) {
  const auto message = [](const std::string& bytes) {
    return message_of([&] { load_bundle(tiny_source(tiny_manifest(), bytes)); });
  };
  const auto has = [&](const std::string& header, const char* text) {
    const std::string actual = message(tiny_identities(header));
    EXPECT_NE(actual.find(text), std::string::npos) << actual;
  };
  has(R"({"other":{}})", "the key identities is missing");
  has(R"({"identities":{"dtype":"F16","shape":[2,2],"data_offsets":[0,16]}})", "dtype is not");
  has(R"({"identities":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", "is not of 2 dimensions");
  has(R"({"identities":{"dtype":"F32","shape":[2,2],"data_offsets":[0,17]}})", "data_offsets[1] is 17");
  has(R"({"identities":{"dtype":"F32","shape":[2,2],"data_offsets":[8,0]}})", "data_offsets[1] is 0");
  has(R"({"identities":{"dtype":"F32","shape":[2,3],"data_offsets":[0,16]}})", "the shape needs 24");
  // 2^60 values of 4 bytes: the product is 0 where sizes have 32 bits.
  has(R"({"identities":{"dtype":"F32","shape":[1048576,1048576],"data_offsets":[0,0]}})",
      "the shape needs 4398046511104");
  has(R"({"identities":)" + std::string(20, '[') + std::string(20, ']') + "}", "more than 8 deep");
  EXPECT_NE(message(std::string("abc")).find("too short"), std::string::npos);
  EXPECT_NE(message(std::string(12, '\xff')).find("longer than the file"), std::string::npos);
}

}  // namespace
}  // namespace dt
