// dt/device.h.
#include <algorithm>
#include <cmath>

#include "api/handles.h"
#include "api/structs.h"
#include "common/checked_size.h"
#include "dt/dt.h"

namespace {

using dt::UseDeviceArray;

constexpr int64_t kMostValues = int64_t{1} << 31;
constexpr size_t kMostVertices = size_t{1} << 24;

std::vector<int64_t> checked_shape(const int64_t* shape, int32_t n_dims) {
  dt::checked(n_dims, 1, 3, "n_dims");
  dt::require(shape, "shape");
  int64_t n = 1;
  for (int32_t i = 0; i < n_dims; ++i) {
    if (shape[i] < 1 || shape[i] > kMostValues / n) {
      throw dt::Error(DT_INVALID_ARGUMENT, "shape[" + std::to_string(i) + "] is " + std::to_string(shape[i]) +
                                               ", expected 1 or more and at most 2^31 values in all");
    }
    n *= shape[i];
  }
  dt::checked_count({static_cast<uint64_t>(n)}, sizeof(float), DT_INVALID_ARGUMENT, "shape");
  return {shape, shape + n_dims};
}

void require_finite(const float* values, size_t n, const char* name) {
  dt::require(values, name);
  if (std::all_of(values, values + n, [](float v) { return std::isfinite(v); })) return;
  throw dt::Error(DT_INVALID_ARGUMENT, std::string(name) + " holds a value that is not finite");
}

}  // namespace

extern "C" {

dt_status dt_device_array_create(dt_model* model, const int64_t* shape, int32_t n_dims,
                                 dt_device_array** array) {
  return dt::guard([&] {
    dt::require(array, "array");
    *array = nullptr;
    const dt::UseModel use(model);
    auto handle = std::make_unique<dt::DeviceArrayHandle>();
    handle->impl = dt::make_hooked<dt::DeviceArray>(use.handle().impl, checked_shape(shape, n_dims));
    *array = dt::new_handle(std::move(handle));
  });
}

void dt_device_array_release(dt_device_array* array) { dt::release_handle<dt::DeviceArrayHandle>(array); }

dt_status dt_device_array_get_info(const dt_device_array* array, dt_device_array_info* info) {
  return dt::guard([&] {
    const UseDeviceArray use(array);
    dt_device_array_info i{};
    i.data = use->data();
    i.event = use->event();
    std::fill_n(i.shape, 3, 1);
    std::copy(use->shape().begin(), use->shape().end(), i.shape);
    i.n_dims = static_cast<int32_t>(use->shape().size());
    i.device_type = static_cast<int32_t>(use->device().type());
    i.device = use->device().number();
    dt::write_info(info, i, "info");
  });
}

dt_status dt_device_array_wait(const dt_device_array* array, void* stream) {
  return dt::guard([&] { UseDeviceArray(array)->wait(stream); });
}

dt_status dt_stream_pull_device(dt_stream* stream, dt_device_array* array, int64_t* first_frame,
                                size_t* n_frames) {
  return dt_stream_pull_device_with_pose(stream, array, nullptr, first_frame, n_frames);
}

dt_status dt_stream_pull_device_with_pose(dt_stream* stream, dt_device_array* array, float* head_pose,
                                          int64_t* first_frame, size_t* n_frames) {
  return dt::guard([&] {
    const dt::UseStream use(stream);
    dt::require(first_frame, "first_frame");
    dt::require(n_frames, "n_frames");
    *n_frames = 0;
    const UseDeviceArray frames(array);
    *n_frames = use->pull_device(frames.operator->(), first_frame, head_pose);
  });
}

dt_status dt_rig_create(dt_model* model, const float* neutral, size_t n_vertices, const float* deltas,
                        dt_rig** rig) {
  return dt::guard([&] {
    dt::require(rig, "rig");
    *rig = nullptr;
    const dt::UseModel use(model);
    if (n_vertices < 1 || n_vertices > kMostVertices) {
      throw dt::Error(DT_INVALID_ARGUMENT,
                      "n_vertices is " + std::to_string(n_vertices) + ", expected 1 to 2^24");
    }
    require_finite(neutral, 3 * n_vertices, "neutral");
    const auto n_channels = static_cast<uint64_t>(use->manifest().motion.n_weights());
    const size_t n_deltas =
        dt::checked_count({3, n_vertices, n_channels}, sizeof(float), DT_INVALID_ARGUMENT, "deltas");
    require_finite(deltas, n_deltas, "deltas");
    auto handle = std::make_unique<dt::RigHandle>();
    handle->impl = dt::make_hooked<dt::DeviceRig>(use.handle().impl, neutral, n_vertices, deltas);
    *rig = dt::new_handle(std::move(handle));
  });
}

void dt_rig_release(dt_rig* rig) { dt::release_handle<dt::RigHandle>(rig); }

dt_status dt_rig_pose(const dt_rig* rig, const dt_device_array* frames, size_t n_frames,
                      dt_device_array* vertices) {
  return dt::guard([&] {
    const dt::UseRig use(rig);
    const UseDeviceArray from(frames), to(vertices);
    use->pose(*from.operator->(), n_frames, to.operator->());
  });
}

}  // extern "C"
