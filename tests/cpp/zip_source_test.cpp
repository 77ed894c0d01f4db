// The reader of packed bundles against archives that are right, and against every kind of damage.
#include "core/zip_source.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <random>

#include "tiny_bundle.h"

namespace dt {
namespace {

using test::message_of;

void put(std::string* out, uint64_t value, size_t n) {
  for (size_t i = 0; i < n; ++i, value >>= 8) out->push_back(static_cast<char>(value));
}

// A stored archive as zipfile writes it. extra: bytes of an extra field in the local headers only. before:
// bytes in front of everything, which the directory counts.
std::string zip(const std::vector<std::pair<std::string, std::string>>& files, const std::string& extra = "",
                const std::string& comment = "", const std::string& before = "") {
  std::string out = before, directory;
  for (const auto& [name, data] : files) {
    std::string common;
    put(&common, 0, 2 + 2 + 4);  // flags, method, time and date
    put(&common, crc32(data.data(), data.size()), 4);
    put(&common, data.size(), 4);
    put(&common, data.size(), 4);
    put(&common, name.size(), 2);
    put(&directory, 0x02014b50, 4);
    put(&directory, 0x00140014, 4);
    directory += common;
    put(&directory, 0, 2 + 2 + 2 + 2 + 4);
    put(&directory, out.size(), 4);
    directory += name;
    put(&out, 0x04034b50, 4);
    put(&out, 20, 2);
    out += common;
    put(&out, extra.size(), 2);
    out += name + extra + data;
  }
  const size_t offset = out.size();
  out += directory;
  put(&out, 0x06054b50, 4);
  put(&out, 0, 4);
  put(&out, files.size(), 2);
  put(&out, files.size(), 2);
  put(&out, directory.size(), 4);
  put(&out, offset, 4);
  put(&out, comment.size(), 2);
  return out + comment;
}

TEST(ZipSource, ReadsStoredFiles) {
  EXPECT_EQ(crc32("123456789", 9), 0xCBF43926u);  // the check value of CRC-32/ISO-HDLC
  const std::string archive = zip({{"a.txt", "hello"}, {"b", ""}, {"folder/", ""}}, "extra!");
  const auto source = ZipSource::from_memory(archive.data(), archive.size());
  EXPECT_EQ(source->read("a.txt", 100), "hello");
  EXPECT_EQ(source->read("a.txt", 3), "hel");
  EXPECT_EQ(source->read("b", 100), "");
  EXPECT_NE(message_of([&] { source->read("c", 1); }).find("no file"), std::string::npos);
  EXPECT_NE(message_of([&] { source->read("folder/", 1); }).find("no file"), std::string::npos);
}

TEST(ZipSource, OpensABundleFromAFile) {
  const test::MemorySource files = test::tiny_source();
  const std::string archive = zip({files.files.begin(), files.files.end()});
  const std::string path = testing::TempDir() + "dt_zip_source_test.dtb";
  std::ofstream(path, std::ios::binary) << archive;
  const Bundle bundle = load_bundle(*open_path(path));
  EXPECT_EQ(bundle.manifest.name, "tiny");
  EXPECT_EQ(bundle.denoiser, "denoiser");
  std::remove(path.c_str());
}

TEST(ZipSource, RefusesWhatABundleNeverNeeds) {
  const auto message = [](const std::string& archive) {
    return message_of([&] { ZipSource::from_memory(archive.data(), archive.size()); });
  };
  EXPECT_NE(message("").find("no ZIP directory"), std::string::npos);
  EXPECT_NE(message(std::string(100000, 'x')).find("no ZIP directory"), std::string::npos);
  EXPECT_NE(message(zip({{"a", "1"}, {"a", "2"}})).find("twice"), std::string::npos);
  const std::string good = zip({{"a.txt", "hello"}});
  const size_t directory = good.find("PK\x01\x02");
  const auto with = [&](size_t at, char value) {
    std::string changed = good;
    changed[directory + at] = value;
    return message(changed);
  };
  EXPECT_NE(with(10, 8).find("compressed"), std::string::npos);
  EXPECT_NE(with(8, 1).find("encrypted"), std::string::npos);
  EXPECT_NE(with(8, 8).find("size behind its data"), std::string::npos);
  EXPECT_NE(with(44, 1).find("not where its directory says"), std::string::npos);
  EXPECT_NE(with(28, 100).find("damaged"), std::string::npos);
  for (const char* name : {"../a", "/etc/passwd", "a:b", "nul", "x/y", ""}) {
    EXPECT_NE(message(zip({{name, "1"}})).find("no plain file name"), std::string::npos) << name;
  }
  EXPECT_NE(message(zip({{"README.md", "1"}, {"readme.MD", "2"}})).find("twice"), std::string::npos);
}

// Another reader may look for the directory elsewhere, or believe what stands in front of the data: such a
// file shows one bundle to a person and another one to the library.
TEST(ZipSource, RefusesWhatTwoReadersCouldReadInTwoWays) {
  const auto message = [](const std::string& archive) {
    return message_of([&] { ZipSource::from_memory(archive.data(), archive.size()); });
  };
  const std::string good = zip({{"a", "1"}}), other = zip({{"b", "22"}});
  EXPECT_EQ(message(good), "");
  EXPECT_NE(message(good + other).find("is not where its end says"), std::string::npos);
  EXPECT_NE(message(zip({{"a", "1"}}, "", "", good)).find("\"a\" is not where its directory says"),
            std::string::npos);
  EXPECT_NE(message(zip({{"a", "1"}}, "", "a comment")).find("has a comment"), std::string::npos);
  EXPECT_NE(message(zip({{"a", "1"}}, "", good)).find("is not where its end says"), std::string::npos);
  EXPECT_NE(message(good + "x").find("something is behind it"), std::string::npos);
  // What the local header says beside the directory: method, CRC, sizes, name.
  for (const size_t at : {size_t{8}, size_t{14}, size_t{18}, size_t{22}, size_t{30}}) {
    std::string changed = good;
    changed[at] ^= 1;
    EXPECT_NE(message(changed).find("described in two ways"), std::string::npos) << at;
  }
  // Two entries of the directory that lie in one another, and a gap between two.
  std::string nested = zip({{"a", "0123456789"}, {"b", "22"}});
  const size_t second = nested.rfind("PK\x01\x02");
  nested[second + 42] = 0;
  EXPECT_NE(message(nested).find("two of its entries are one"), std::string::npos);
  std::string gap = zip({{"a", "1"}, {"b", "22"}});
  gap[gap.find("PK\x01\x02") + 42] = 1;
  EXPECT_NE(message(gap).find("is not where its directory says"), std::string::npos);
}

// Whatever the bytes: the right content, or an Error; sanitizers see to the rest.
void expect_safe(const std::string& archive) {
  try {
    const auto source = ZipSource::from_memory(archive.data(), archive.size());
    for (const char* name : {"a.txt", "b"}) {
      const std::string content = source->read(name, 100);
      EXPECT_TRUE(content == "hello" || content == "world!" || content.empty()) << content;
    }
  } catch (const Error& e) {
    EXPECT_TRUE(e.status() == DT_BAD_BUNDLE) << e.what();
  }
}

TEST(ZipSource, SurvivesEveryCutAndEveryFlippedBit) {
  const std::string archive = zip({{"a.txt", "hello"}, {"b", "world!"}});
  for (size_t n = 0; n < archive.size(); ++n) expect_safe(archive.substr(0, n));
  for (size_t i = 0; i < archive.size() * 8; ++i) {
    std::string changed = archive;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << i % 8));
    expect_safe(changed);
  }
}

TEST(ZipSource, SurvivesRandomDamage) {
  const std::string archive = zip({{"a.txt", "hello"}, {"b", "world!"}});
  for (unsigned seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::string changed = archive;
    for (int k = 0; k < 1 + static_cast<int>(random() % 8); ++k) {
      changed[random() % changed.size()] = static_cast<char>(random() % 4 == 0 ? 0xFF : random());
    }
    if (random() % 4 == 0) changed.insert(random() % changed.size(), std::string(random() % 50, 'P'));
    try {
      const auto source = ZipSource::from_memory(changed.data(), changed.size());
      source->read("a.txt", 1 << 20);
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace dt
