#include "runtime/device_array.h"

#include <string>
#include <utility>

#include "common/error.h"

namespace dt {

Device& device_of(const Model& model) {
  Device* const device = model.device();
  if (device == nullptr) {
    throw Error(DT_UNSUPPORTED, std::string("backend \"") + model.backend_name() +
                                    "\" computes on the processor and leaves nothing on a device: take the "
                                    "frames with dt_stream_pull, or open the model on tensorrt");
  }
  return *device;
}

DeviceArray::DeviceArray(std::shared_ptr<const Model> model, std::vector<int64_t> shape)
    : model_(std::move(model)), device_(device_of(*model_)), shape_(std::move(shape)) {
  for (size_t i = 1; i < shape_.size(); ++i) row_size_ *= static_cast<size_t>(shape_[i]);
  data_ = static_cast<float*>(device_.allocate(rows() * row_size_ * sizeof(float)));
  try {
    event_ = device_.make_event();
    touch();
  } catch (...) {
    if (event_ != nullptr) device_.release_event(event_);
    device_.release(data_);
    throw;
  }
}

DeviceArray::~DeviceArray() {
  device_.release(data_);
  if (event_ != nullptr) device_.release_event(event_);
}

template <typename T>
T* DeviceRig::put(const std::vector<T>& values) {
  memory_.reserve(memory_.size() + 1);
  memory_.push_back(device_.allocate((values.size() + 1) * sizeof(T)));  // one more: never of size 0
  // A rig whose deltas are all 0 has none to upload, and no address of them either.
  if (!values.empty()) device_.upload(memory_.back(), values.data(), values.size() * sizeof(T));
  return static_cast<T*>(memory_.back());
}

DeviceRig::DeviceRig(std::shared_ptr<const Model> model, const float* neutral, size_t n_vertices,
                     const float* deltas)
    : model_(std::move(model)), device_(device_of(*model_)) {
  const auto n_channels = static_cast<uint32_t>(model_->manifest().motion.n_weights());
  std::vector<uint32_t> row{0}, channel;
  std::vector<float> delta;
  for (size_t v = 0; v < n_vertices; ++v) {
    for (uint32_t c = 0; c < n_channels; ++c) {
      const float* d = deltas + (c * n_vertices + v) * 3;
      if (d[0] == 0 && d[1] == 0 && d[2] == 0) continue;
      channel.push_back(c);
      delta.insert(delta.end(), d, d + 3);
    }
    row.push_back(static_cast<uint32_t>(channel.size()));
  }
  try {
    rig_.neutral = put(std::vector<float>(neutral, neutral + 3 * n_vertices));
    rig_.row = put(row);
    rig_.channel = put(channel);
    rig_.delta = put(delta);
  } catch (...) {
    for (void* memory : memory_) device_.release(memory);
    throw;
  }
  rig_.n_vertices = n_vertices;
}

DeviceRig::~DeviceRig() {
  for (void* memory : memory_) device_.release(memory);
}

void DeviceRig::pose(const DeviceArray& frames, size_t n_frames, DeviceArray* vertices) const {
  if (&frames.device() != &device_ || &vertices->device() != &device_) {
    throw Error(DT_INVALID_ARGUMENT, "rig, frames and vertices must be made with the same model");
  }
  const auto n_channels = static_cast<size_t>(model_->manifest().motion.n_weights());
  if (frames.row_size() != n_channels || vertices->row_size() != 3 * rig_.n_vertices) {
    throw Error(DT_INVALID_ARGUMENT,
                "a frame has " + std::to_string(frames.row_size()) + " values and its vertices have " +
                    std::to_string(vertices->row_size()) + ", the rig takes " + std::to_string(n_channels) +
                    " and gives " + std::to_string(3 * rig_.n_vertices));
  }
  if (n_frames > frames.rows() || n_frames > vertices->rows()) {
    throw Error(DT_INVALID_ARGUMENT, "n_frames is " + std::to_string(n_frames) + ", the arrays hold " +
                                         std::to_string(frames.rows()) + " frames and vertices of " +
                                         std::to_string(vertices->rows()));
  }
  RigArgs args;
  args.rig = rig_;
  args.weights = frames.data(), args.vertices = vertices->data();
  args.n_frames = n_frames, args.channels = n_channels;
  device_.rig(args);
  vertices->touch();
}

}  // namespace dt
