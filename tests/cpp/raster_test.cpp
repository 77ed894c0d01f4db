// The rasteriser through its C ABI.
#include "dt/raster.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace {

// A mesh, a view from z = 10 onto the origin and the picture, with the calls' boilerplate.
struct Picture {
  std::vector<float> positions, colors;
  std::vector<int32_t> triangles, smooth_group;
  dt_raster_mesh mesh = {};
  dt_raster_view view;
  std::vector<uint8_t> pixels;
  bool many_vertices = false;  // says more of them than there may be

  explicit Picture(int side = 64) {
    dt_raster_view_default(&view);
    view.width = view.height = side;
    view.eye[2] = 10;
    pixels.assign(static_cast<size_t>(side) * side * 3, 7);
  }

  void add_vertex(float x, float y, float z, float red, float green, float blue) {
    positions.insert(positions.end(), {x, y, z});
    colors.insert(colors.end(), {red, green, blue, 0.0f});
  }

  // A square of half the given side, facing the camera.
  void add_square(float half, float z, float red, float green, float blue) {
    const auto first = static_cast<int32_t>(positions.size() / 3);
    add_vertex(-half, -half, z, red, green, blue);
    add_vertex(half, -half, z, red, green, blue);
    add_vertex(half, half, z, red, green, blue);
    add_vertex(-half, half, z, red, green, blue);
    triangles.insert(triangles.end(), {first, first + 1, first + 2, first, first + 2, first + 3});
  }

  dt_status draw() {
    mesh.struct_size = sizeof(mesh);
    mesh.positions = positions.data();
    mesh.colors = colors.data();
    mesh.smooth_group = smooth_group.empty() ? nullptr : smooth_group.data();
    mesh.n_vertices = many_vertices ? (size_t{1} << 26) + 1 : positions.size() / 3;
    mesh.triangles = triangles.data();
    mesh.n_triangles = triangles.size() / 3;
    return dt_raster_draw(&mesh, &view, pixels.data(), pixels.size());
  }

  const uint8_t* at(int x, int y) const {
    return pixels.data() + 3 * (static_cast<size_t>(y) * view.width + x);
  }
};

TEST(Raster, ShowsTheNearerSurfaceWhicheverComesFirst) {
  for (const bool near_first : {true, false}) {
    Picture picture;
    if (near_first) picture.add_square(1, 1, 0, 1, 0);
    picture.add_square(2, 0, 1, 0, 0);
    if (!near_first) picture.add_square(1, 1, 0, 1, 0);
    ASSERT_EQ(picture.draw(), DT_OK) << dt_last_error();
    EXPECT_GT(picture.at(32, 32)[1], 100);
    EXPECT_LT(picture.at(32, 32)[0], 20);
    EXPECT_GT(picture.at(32, 52)[0], 100);
    EXPECT_LT(picture.at(32, 52)[1], 20);
  }
}

TEST(Raster, EmptyMeshGivesTheBackground) {
  Picture picture;
  ASSERT_EQ(picture.draw(), DT_OK) << dt_last_error();
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(picture.at(0, 0)[i], 255 * picture.view.background_top[i], 2);
    EXPECT_NEAR(picture.at(63, 63)[i], 255 * picture.view.background_bottom[i], 2);
  }
}

// Neighbours share their edges without a crack, at every number of samples and for tiny triangles.
TEST(Raster, GridOfTrianglesHasNoHoles) {
  for (int samples = 1; samples <= 4; ++samples) {
    Picture picture(97);
    picture.view.samples_per_axis = samples;
    for (float& c : picture.view.background_top) c = 0;
    for (float& c : picture.view.background_bottom) c = 0;
    constexpr int kSide = 40;
    for (int j = 0; j <= kSide; ++j) {
      for (int i = 0; i <= kSide; ++i) {
        const float x = 8.0f * i / kSide - 4, y = 8.0f * j / kSide - 4;
        picture.add_vertex(0.8f * x - 0.6f * y, 0.6f * x + 0.8f * y, 0.3f * std::sin(3 * x), 1, 1, 1);
      }
    }
    for (int j = 0; j < kSide; ++j) {
      for (int i = 0; i < kSide; ++i) {
        const int32_t a = j * (kSide + 1) + i, b = a + 1, c = a + kSide + 2, d = a + kSide + 1;
        picture.triangles.insert(picture.triangles.end(), {a, b, c, a, c, d});
      }
    }
    ASSERT_EQ(picture.draw(), DT_OK) << dt_last_error();
    for (int y = 0; y < 97; ++y) {
      for (int x = 0; x < 97; ++x)
        ASSERT_GT(picture.at(x, y)[0], 60) << samples << " samples, " << x << ", " << y;
    }
  }
}

// Found as eyebrows that showed through to the skin 1 mm behind them: depth was interpolated from the
// picture's corner.
TEST(Raster, CloseSurfacesDoNotFight) {
  Picture picture(640);
  picture.view.eye[2] = 1;
  picture.view.target[2] = 0;
  constexpr int kSide = 60;
  for (int layer = 0; layer < 2; ++layer) {
    const auto first = static_cast<int32_t>(picture.positions.size() / 3);
    for (int k = 0; k < (kSide + 1) * (kSide + 1); ++k) {
      const float x = 0.2f * (k % (kSide + 1)) / kSide - 0.1f, y = 0.2f * (k / (kSide + 1)) / kSide - 0.1f;
      picture.add_vertex(x, y, layer * 0.0005f - x, layer ? 0 : 1, layer ? 1 : 0, 0);
    }
    for (int k = 0; k < kSide * kSide; ++k) {
      const int32_t a = first + k / kSide * (kSide + 1) + k % kSide;
      picture.triangles.insert(picture.triangles.end(),
                               {a, a + 1, a + kSide + 2, a, a + kSide + 2, a + kSide + 1});
    }
  }
  ASSERT_EQ(picture.draw(), DT_OK) << dt_last_error();
  for (int y = 250; y < 390; ++y) {
    for (int x = 250; x < 390; ++x) ASSERT_LT(picture.at(x, y)[0], 20) << x << ", " << y;
  }
}

TEST(Raster, InsidesAreDarker) {
  Picture front, back;
  front.add_square(2, 0, 1, 1, 1);
  back.add_square(2, 0, 1, 1, 1);
  for (size_t i = 0; i < back.triangles.size(); i += 3) std::swap(back.triangles[i], back.triangles[i + 1]);
  ASSERT_EQ(front.draw(), DT_OK);
  ASSERT_EQ(back.draw(), DT_OK);
  EXPECT_LT(back.at(32, 32)[0] + 40, front.at(32, 32)[0]);
}

TEST(Raster, SmoothGroupsShareANormal) {
  Picture split, joined;
  for (Picture* p : {&split, &joined}) {  // a roof whose halves share no vertex
    p->add_vertex(-2, -2, -2, 0.4f, 0.4f, 0.4f);
    p->add_vertex(0, -2, 0, 0.4f, 0.4f, 0.4f);
    p->add_vertex(0, 2, 0, 0.4f, 0.4f, 0.4f);
    p->add_vertex(0, -2, 0, 0.4f, 0.4f, 0.4f);
    p->add_vertex(2, -2, -2, 0.4f, 0.4f, 0.4f);
    p->add_vertex(0, 2, 0, 0.4f, 0.4f, 0.4f);
    p->triangles = {0, 1, 2, 3, 4, 5};
  }
  joined.smooth_group = {0, 1, 2, 1, 4, 2};
  ASSERT_EQ(split.draw(), DT_OK);
  ASSERT_EQ(joined.draw(), DT_OK);
  const auto step = [](const Picture& p) { return std::abs(p.at(30, 36)[0] - p.at(33, 36)[0]); };
  EXPECT_GT(step(split), 8);
  EXPECT_LT(step(joined), 4);
}

TEST(Raster, TrianglesBehindTheCameraAndFarOffAreHarmless) {
  Picture picture;
  picture.add_square(2, 11, 1, 0, 0);
  picture.add_square(1e30f, 0, 0, 0, 1);
  picture.add_square(0, 0, 0, 1, 0);
  EXPECT_EQ(picture.draw(), DT_OK) << dt_last_error();
}

// Sums and products of finite numbers may be infinite, and the difference of two of those is not a number.
TEST(Raster, FiniteNumbersOfEverySizeAreSafe) {
  const std::vector<float> sizes = {
      0,     1e-45f, 1e-38f, 1e-20f, 0.5f,  1e6f,  1e19f,
      2e19f, 1e30f,  1e37f,  2e37f,  1e38f, 3e38f, std::numeric_limits<float>::max()};
  unsigned state = 1;
  const auto any = [&] {
    state = state * 1664525u + 1013904223u;
    const float size = sizes[(state >> 8) % sizes.size()];
    return (state >> 30 & 1) != 0 ? -size : size;
  };
  for (int round = 0; round < 2000; ++round) {
    SCOPED_TRACE(round);
    Picture picture(24);
    if (round % 3 == 0) picture.view.eye[2] = 1e-15f;
    for (int i = 0; i < 9; ++i) picture.add_vertex(any(), any(), any(), any(), any(), any());
    for (size_t i = 3; i < picture.colors.size(); i += 4) picture.colors[i] = any();
    for (int32_t i = 0; i < 9; ++i) picture.triangles.push_back(round % 2 == 0 ? i : (i * 7 + round) % 9);
    if (round % 5 == 0) picture.smooth_group.assign(9, 0);
    ASSERT_EQ(picture.draw(), DT_OK) << dt_last_error();
  }
}

// The triangle that once made the rasteriser write outside of its buffer.
TEST(Raster, TriangleWhoseEdgesOverflowIsLeftOut) {
  Picture picture, empty;
  for (const auto& [x, y, z] : {std::array<float, 3>{2e37f, 1, 0}, {0, 2e37f, 0}, {-2e37f, 0, 1}}) {
    picture.add_vertex(x, y, z, 1, 0, 0);
  }
  picture.triangles = {0, 1, 2};
  ASSERT_EQ(picture.draw(), DT_OK) << dt_last_error();
  ASSERT_EQ(empty.draw(), DT_OK) << dt_last_error();
  EXPECT_EQ(picture.pixels, empty.pixels);
}

// A triangle far beyond the picture still covers it, as a wall behind the scene does.
TEST(Raster, LargeTriangleCoversThePicture) {
  Picture picture;
  picture.add_square(1e4f, 0, 1, 0, 0);
  ASSERT_EQ(picture.draw(), DT_OK) << dt_last_error();
  for (const int corner : {0, 63}) EXPECT_GT(picture.at(corner, corner)[0], 100);
}

// Light of a colour that overflows is black or white, and never a number outside of a byte.
TEST(Raster, OverflowingColoursAreSafe) {
  for (const float size : {1e20f, -1e20f, 3e38f, -3e38f}) {
    Picture picture;
    picture.add_square(1, 0, size, size, size);
    for (size_t i = 3; i < picture.colors.size(); i += 4) picture.colors[i] = size;
    picture.view.key_intensity = 10;
    ASSERT_EQ(picture.draw(), DT_OK) << dt_last_error();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(picture.at(32, 32)[i] == 0 || picture.at(32, 32)[i] == 255);
  }
}

TEST(Raster, RefusesBadArguments) {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  const auto refused = [](const char* what, void (*spoil)(Picture&, float), float value, const char* says) {
    Picture picture;
    picture.add_square(1, 0, 1, 0, 0);
    spoil(picture, value);
    EXPECT_EQ(picture.draw(), DT_INVALID_ARGUMENT) << what;
    EXPECT_NE(std::string(dt_last_error()).find(says), std::string::npos) << what << ": " << dt_last_error();
    EXPECT_EQ(picture.pixels[0], 7) << what << " wrote to the picture";
  };
  for (const float bad : {nan, infinity}) {
    refused("position", [](Picture& p, float v) { p.positions[4] = v; }, bad, "vertex 1");
    refused("colour", [](Picture& p, float v) { p.colors[9] = v; }, bad, "vertex 2");
    refused("eye", [](Picture& p, float v) { p.view.eye[0] = v; }, bad, "eye");
    refused("fov", [](Picture& p, float v) { p.view.fov_y_deg = v; }, bad, "fov_y_deg");
    refused("light", [](Picture& p, float v) { p.view.key_intensity = v; }, bad, "key_intensity");
  }
  refused("index", [](Picture& p, float) { p.triangles[3] = 4; }, 0, "holds 4");
  refused("negative index", [](Picture& p, float) { p.triangles[3] = -1; }, 0, "holds -1");
  refused("group", [](Picture& p, float) { p.smooth_group = {0, 1, 2, 9}; }, 0, "smooth_group");
  refused("width", [](Picture& p, float) { p.view.width = 0; }, 0, "0 x 64");
  refused("huge", [](Picture& p, float) { p.view.height = 1 << 30; }, 0, "8192");
  refused("samples", [](Picture& p, float) { p.view.samples_per_axis = 5; }, 0, "samples_per_axis");
  refused("many vertices", [](Picture& p, float) { p.many_vertices = true; }, 0, "2^26 vertices");
  refused("capacity", [](Picture& p, float) { p.pixels.pop_back(); }, 0, "bytes");
  refused("no view", [](Picture& p, float) { p.view.eye[2] = 0; }, 0, "target");
  refused("up along view", [](Picture& p, float) { p.view.up[1] = 0, p.view.up[2] = 1; }, 0, "up");
  refused("view size", [](Picture& p, float) { p.view.struct_size = 3; }, 0, "struct_size");
}

TEST(Raster, RefusesNull) {
  Picture picture;
  picture.add_square(1, 0, 1, 0, 0);
  ASSERT_EQ(picture.draw(), DT_OK);
  const size_t n = picture.pixels.size();
  EXPECT_EQ(dt_raster_draw(nullptr, &picture.view, picture.pixels.data(), n), DT_INVALID_ARGUMENT);
  EXPECT_EQ(dt_raster_draw(&picture.mesh, nullptr, picture.pixels.data(), n), DT_INVALID_ARGUMENT);
  EXPECT_EQ(dt_raster_draw(&picture.mesh, &picture.view, nullptr, n), DT_INVALID_ARGUMENT);
  picture.mesh.colors = nullptr;
  EXPECT_EQ(dt_raster_draw(&picture.mesh, &picture.view, picture.pixels.data(), n), DT_INVALID_ARGUMENT);
  picture.mesh.struct_size = 0;
  EXPECT_EQ(dt_raster_draw(&picture.mesh, &picture.view, picture.pixels.data(), n), DT_INVALID_ARGUMENT);
  dt_raster_view_default(nullptr);
}

}  // namespace
