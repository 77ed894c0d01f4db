// C ABI of the rasteriser.
#include "api/guard.h"
#include "dt/raster.h"
#include "face/raster.h"

extern "C" void dt_raster_view_default(dt_raster_view* view) {
  if (!view) return;
  *view = dt_raster_view{sizeof(dt_raster_view),
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
}

extern "C" dt_status dt_raster_draw(const dt_raster_mesh* mesh, const dt_raster_view* view, uint8_t* pixels,
                                    size_t capacity_bytes) {
  return dt::guard([&] {
    dt::check_raster_arguments(mesh, view, pixels, capacity_bytes);
    dt::draw(*mesh, *view, pixels);
  });
}
