// The Python class DeviceArray; Stream and Rig need its handle.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bindings/module.h"
#include "bindings/native_model.h"

class NativeDeviceArray {
 public:
  NativeDeviceArray(const NativeModel& model, const std::vector<int64_t>& shape);

  dt_device_array* handle() const { return handle_.get(); }
  // The first n rows, in the same memory.
  NativeDeviceArray head(int64_t n) const;
  pybind11::tuple shape() const;
  std::string device() const;
  uintptr_t pointer() const { return reinterpret_cast<uintptr_t>(info_.data); }
  uintptr_t event() const { return reinterpret_cast<uintptr_t>(info_.event); }
  void wait(uintptr_t stream) const;
  pybind11::dict cuda_array_interface() const;
  pybind11::tuple dlpack_device() const;
  pybind11::capsule dlpack(const pybind11::object& stream, const pybind11::object& device,
                           const pybind11::object& copy) const;

 private:
  std::shared_ptr<dt_device_array> handle_;
  dt_device_array_info info_{};
};
