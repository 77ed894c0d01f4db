// C++17 wrapper of device.h, header only: frames and vertices that stay on the GPU. See dt.hpp for the rest.
//
//   dtalk::DeviceArray frames(model, {60, n_channels}), vertices(model, {60, n_vertices, 3});
//   dtalk::Rig rig(model, neutral, deltas);
//   each hop:  size_t n = dtalk::pull(stream, frames, &first);
//              rig.pose(frames, n, vertices);
//              vertices.wait(my_cuda_stream);  and draw from vertices.data()
#ifndef DT_DEVICE_HPP
#define DT_DEVICE_HPP

#include <cstdint>
#include <memory>
#include <vector>

#include "dt/dt.hpp"

namespace dtalk {

struct ReleaseDeviceArray {
  void operator()(dt_device_array* handle) const noexcept { dt_device_array_release(handle); }
};
struct ReleaseRig {
  void operator()(dt_rig* handle) const noexcept { dt_rig_release(handle); }
};

// float32 on the model's device, dense, the last dimension innermost. Threads as device.h says.
class DeviceArray {
 public:
  // shape: 1 to 3 sizes, each 1 or more.
  DeviceArray(const Model& model, const std::vector<int64_t>& shape) {
    dt_device_array* handle = nullptr;
    check(dt_device_array_create(model.handle(), shape.data(), static_cast<int32_t>(shape.size()), &handle));
    handle_.reset(handle);
  }

  dt_device_array* handle() const noexcept { return handle_.get(); }
  dt_device_array_info info() const {
    auto info = sized<dt_device_array_info>();
    check(dt_device_array_get_info(handle(), &info));
    return info;
  }
  // On the device; stays the same as long as the array.
  float* data() const { return static_cast<float*>(info().data); }
  // What a cudaStream_t gets from now on waits for the last write; nullptr: the calling thread waits.
  void wait(void* stream = nullptr) const { check(dt_device_array_wait(handle(), stream)); }

 private:
  std::unique_ptr<dt_device_array, ReleaseDeviceArray> handle_;
};

// What is ready, into the first rows of frames [capacity, n_channels]; head_pose: null, or [capacity, 3] on
// the host. Returns how many were written.
inline size_t pull(const Stream& stream, const DeviceArray& frames, int64_t* first_frame,
                   float* head_pose = nullptr) {
  size_t n = 0;
  check(dt_stream_pull_device_with_pose(stream.handle(), frames.handle(), head_pose, first_frame, &n));
  return n;
}

// vertex = neutral + sum over channels of weight * delta. Any thread.
class Rig {
 public:
  // neutral: [n_vertices, 3].  deltas: [n_channels of the model, n_vertices, 3]. Both are copied to the
  // device.
  Rig(const Model& model, const std::vector<float>& neutral, const std::vector<float>& deltas) {
    if (neutral.size() % 3 != 0) throw Error(DT_INVALID_ARGUMENT, "neutral is not [n_vertices, 3]");
    if (deltas.size() != static_cast<size_t>(model.info().n_channels) * neutral.size())
      throw Error(DT_INVALID_ARGUMENT, "deltas are not [n_channels, n_vertices, 3]");
    dt_rig* handle = nullptr;
    check(dt_rig_create(model.handle(), neutral.data(), neutral.size() / 3, deltas.data(), &handle));
    handle_.reset(handle);
  }

  dt_rig* handle() const noexcept { return handle_.get(); }
  // The vertices [.., n_vertices, 3] of the first n_frames rows of frames; DeviceArray::wait waits for them.
  void pose(const DeviceArray& frames, size_t n_frames, const DeviceArray& vertices) const {
    check(dt_rig_pose(handle(), frames.handle(), n_frames, vertices.handle()));
  }

 private:
  std::unique_ptr<dt_rig, ReleaseRig> handle_;
};

}  // namespace dtalk
#endif  // DT_DEVICE_HPP
