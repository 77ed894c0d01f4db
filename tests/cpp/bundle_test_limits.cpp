// Bundles whose numbers are each in their range, and that ask for more than a bundle may
// (docs/bundle-format.md, "Limits").
#include <gtest/gtest.h>

#include <functional>

#include "tiny_bundle.h"

namespace dt {
namespace {

using nlohmann::json;
using test::message_of;
using test::tiny_manifest;
using test::tiny_source;

// What is said of the smallest manifest after a change.
std::string message_after(const std::function<void(json&)>& change) {
  json manifest = tiny_manifest();
  change(manifest);
  return message_of([&] { parse_manifest(tiny_source(manifest).files.at("bundle.json")); });
}

void has(const std::string& text, const char* part) { EXPECT_NE(text.find(part), std::string::npos) << text; }

// Each number is in its range, and their product or sum is not.
TEST(Bundle, RefusesWindowsBeyondTheBudget) {
  has(message_after([](json& m) {
        m["motion"] = {{"space", "vertices"},
                       {"n_channels", 300000},
                       {"fps_num", 30},
                       {"fps_den", 1},
                       {"mean", 0},
                       {"std", 1},
                       {"min", -1},
                       {"max", 1},
                       {"rest", 0}};
        m["profiles"]["live"]["past_frames"] = 285;
      }),
      "profiles.live and motion.channels make 297 x 300000 numbers, expected at most 16777216");
  has(message_after([](json& m) {
        m["networks"]["audio_encoder"]["n_features"] = 65536;
        m["profiles"]["live"]["past_frames"] = 285;
      }),
      "profiles.live and networks.audio_encoder.n_features make 297 x 65536");
  has(message_after([](json& m) {
        m["audio"].update({{"n_mels", 1024}, {"hop_length", 1}, {"mel_frames_per_group", 1600}});
        m["profiles"]["live"]["past_frames"] = 285;
      }),
      "profiles.live and audio.n_mels make 158400 x 1024");
  has(message_after([](json& m) {
        m["motion"].update({{"fps_num", 1}, {"fps_den", 100}});
        m["audio"].update({{"mel_frames_per_group", 10000}, {"anim_frames_per_group", 1}});
        m["profiles"]["live"] = {{"past_frames", 0}, {"hop_frames", 300}, {"lookahead_frames", 0}};
      }),
      "profiles.live and audio.hop_length make 3000000 x 160");
}

TEST(Bundle, RefusesOtherProductsBeyondTheBudget) {
  has(message_after([](json& m) {
        m["networks"]["conditioner"]["n_condition"] = 65536;
        json& steps = m["sampler"]["steps"] = json::array();
        for (int t = 1000; t > 0; --t) {
          steps.push_back({{"t", t},
                           {"t_prev", t - 1},
                           {"alpha_bar", (1000 - t) / 1000.0},
                           {"alpha_bar_prev", (1001 - t) / 1000.0}});
        }
      }),
      "n_condition and sampler.steps make 65536 x 1000");
  has(message_after([](json& m) {
        m["networks"]["style_encoder"] = {
            {"file", "e.onnx"}, {"min_mel_frames", 1}, {"max_mel_frames", 60000}};
        m["audio"]["n_mels"] = 1024;
      }),
      "max_mel_frames and audio.n_mels make 60000 x 1024");
  has(message_after([](json& m) { m["audio"].update({{"n_mels", 1024}, {"n_fft", 65536}}); }),
      "audio.n_mels and audio.n_fft make 1024 x 65536");
  EXPECT_EQ(message_after([](json& m) { m["profiles"]["live"]["past_frames"] = 285; }), "");
}

TEST(Bundle, RefusesFilesBeyondTheBudget) {
  json manifest = json::parse(tiny_source().files.at("bundle.json"));
  for (int i = 0; i < 3; ++i)
    manifest["files"]["big" + std::to_string(i)] = {{"sha256", std::string(64, 'a')},
                                                    {"size_bytes", 1 << 30}};
  EXPECT_NE(
      message_of([&] { parse_manifest(manifest.dump()); }).find("bytes in all, expected at most 2147483648"),
      std::string::npos);
}

// Time and memory stay small however many there are; the counts are checked before anything is compared.
TEST(Bundle, RefusesMoreNamesThanThereMayBe) {
  const auto message = [](const char* path, const json& value) {
    json manifest = tiny_manifest();
    manifest[json::json_pointer(path)] = value;
    return message_of([&] { parse_manifest(tiny_source(manifest).files.at("bundle.json")); });
  };
  json names = json::array(), members = json::object();
  for (int i = 0; i < 60000; ++i) names.push_back("n" + std::to_string(i));
  for (int i = 0; i < 300; ++i)
    members["n" + std::to_string(i)] = {{"past_frames", 0}, {"hop_frames", 3}, {"lookahead_frames", 0}};
  has(message("/motion/channels", names), "motion.channels has 60000 names, expected 1 to 4096");
  has(message("/identities/names", names), "identities.names has 60000 names, expected 1 to 4096");
  has(message("/identities/emotions", names), "identities.emotions has 60000 names, expected 1 to 256");
  has(message("/profiles", members), "profiles has 300 members, expected at most 64");
  has(message("/identities/names/0", ""), "identities.names[0] is empty");
  has(message("/identities/names/0", std::string(257, 'x')), "identities.names[0] has 257 bytes");
  json many = json::object();
  for (int i = 0; i < 70000; ++i) many["k" + std::to_string(i)] = 0;
  has(message("/provenance", many), "bundle.json has more than 65536 keys");
}

TEST(Bundle, RefusesJsonBeyondItsLimits) {
  const auto has = [](const std::string& text, const char* part) {
    const std::string message = message_of([&] { parse_manifest(text); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  has(std::string(6 << 20, '['), "bundle.json nests objects and arrays more than 16 deep");
  has(R"({"a":)" + std::string(20, '[') + std::string(20, ']') + "}", "more than 16 deep");
  std::string values = "[0";
  for (int i = 0; i < 3 << 20; ++i) values += ",0";
  has(values + "]", "bundle.json has more than 2097152 values");
  has(std::string((64 << 20) + 1, ' '), "bundle.json is longer than 67108864 bytes");
  has(R"({"format": "a", "format": "b"})", "has the key \"format\" twice in one object");
  has(R"({"x": {"y": 1}, "z": {"y": 1}, "x": 0})", "has the key \"x\" twice");
}

TEST(Bundle, ReadsOneCheckedFile) {
  test::MemorySource source = tiny_source();
  const BundleDescription description = read_description(source);
  EXPECT_EQ(read_file(source, description, "d.onnx"), "denoiser");
  EXPECT_EQ(file_size(description, "d.onnx"), 8u);
  EXPECT_EQ(read_file(source, description, "bundle.json"), source.files["bundle.json"]);
  for (const char* name : {"../d.onnx", "/etc/passwd", "x", ""}) {
    EXPECT_NE(message_of([&] { read_file(source, description, name); }).find("lists no file"),
              std::string::npos);
  }
  source.files["d.onnx"][0] = 'X';
  EXPECT_NE(message_of([&] { read_file(source, description, "d.onnx"); }).find("SHA-256"), std::string::npos);
}

}  // namespace
}  // namespace dt
