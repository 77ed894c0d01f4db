// C ABI of the rasteriser.
#include "api/guard.h"
#include "api/structs.h"
#include "dt/raster.h"
#include "raster/raster.h"

namespace dt {

DT_VERSIONED_STRUCT(dt_raster_mesh, DT_UP_TO(dt_raster_mesh, n_triangles), n_triangles);
DT_VERSIONED_STRUCT(dt_raster_view, DT_UP_TO(dt_raster_view, ambient_intensity), ambient_intensity);

}  // namespace dt

namespace {

constexpr dt_raster_view kDefaultView = {sizeof(dt_raster_view),
                                         0,
                                         0,
                                         2,
                                         {0, 0, 0},
                                         {0, 0, 0},
                                         {0, 1, 0},
                                         30.0f,
                                         {0.93f, 0.94f, 0.95f},
                                         {0.78f, 0.80f, 0.83f},
                                         {-0.45f, 0.62f, 0.65f},
                                         {0.75f, 0.15f, 0.60f},
                                         1.0f,
                                         0.35f,
                                         0.3f};

}  // namespace

extern "C" dt_status dt_raster_view_init(dt_raster_view* view, size_t struct_size) {
  return dt::init_options(view, struct_size, kDefaultView, "view");
}

extern "C" dt_status dt_raster_draw(const dt_raster_mesh* mesh, const dt_raster_view* view, uint8_t* pixels,
                                    size_t capacity_bytes) {
  return dt::guard([&] {
    dt::require(mesh, "mesh");
    dt::require(view, "view");
    const dt_raster_mesh given_mesh = dt::read_options(mesh, dt_raster_mesh{}, "mesh");
    const dt_raster_view given_view = dt::read_options(view, kDefaultView, "view");
    dt::check_raster_arguments(given_mesh, given_view, pixels, capacity_bytes);
    dt::draw(given_mesh, given_view, pixels);
  });
}
