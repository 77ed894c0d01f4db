// Arrays and rigs on the device of a model's backend.
#pragma once

#include <memory>
#include <vector>

#include "core/device.h"
#include "runtime/model.h"

namespace dt {

// The device of the model's backend. Throws Error(DT_UNSUPPORTED) where it has none.
Device& device_of(const Model& model);

// float32, dense. One thread at a time; keeps its model alive.
class DeviceArray {
 public:
  // shape: one to three sizes, none 0. Throws DT_UNSUPPORTED, DT_OUT_OF_MEMORY.
  DeviceArray(std::shared_ptr<const Model> model, std::vector<int64_t> shape);
  ~DeviceArray();
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  const Model& model() const { return *model_; }
  Device& device() const { return device_; }
  float* data() const { return data_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  size_t rows() const { return static_cast<size_t>(shape_[0]); }
  size_t row_size() const { return row_size_; }  // values behind the first dimension
  // Where the last work on it ends.
  DeviceEvent event() const { return event_; }
  void touch() { device_.record(event_); }
  void wait(void* stream) const { device_.wait(event_, stream); }

 private:
  const std::shared_ptr<const Model> model_;
  Device& device_;
  const std::vector<int64_t> shape_;
  size_t row_size_ = 1;
  float* data_ = nullptr;
  DeviceEvent event_ = nullptr;
};

// Any thread; keeps its model alive.
class DeviceRig {
 public:
  // neutral: [n_vertices, 3]; deltas: [n_channels of the model, n_vertices, 3], of which zeros are left out.
  // Throws DT_UNSUPPORTED, DT_OUT_OF_MEMORY.
  DeviceRig(std::shared_ptr<const Model> model, const float* neutral, size_t n_vertices, const float* deltas);
  ~DeviceRig();
  DeviceRig(const DeviceRig&) = delete;
  DeviceRig& operator=(const DeviceRig&) = delete;

  // The first n_frames of frames, [.., n_channels], to vertices, [.., n_vertices, 3]. Does not wait. Throws
  // DT_INVALID_ARGUMENT (shapes, another model).
  void pose(const DeviceArray& frames, size_t n_frames, DeviceArray* vertices) const;

 private:
  template <typename T>
  T* put(const std::vector<T>& values);

  const std::shared_ptr<const Model> model_;
  Device& device_;
  std::vector<void*> memory_;
  SparseRig rig_;
};

}  // namespace dt
