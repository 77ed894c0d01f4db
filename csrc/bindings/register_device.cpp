#include <pybind11/stl.h>

#include "bindings/dlpack.h"
#include "bindings/module.h"
#include "bindings/native_device.h"
#include "bindings/unlocked.h"

namespace py = pybind11;

namespace {

// What an exported array keeps alive: the memory, and the sizes that it points to.
struct Exported {
  std::shared_ptr<dt_device_array> array;
  int64_t shape[3];
  dlpack::ManagedTensor managed;
};

// Called by the library that took the array, maybe without the interpreter lock.
void delete_exported(dlpack::ManagedTensor* managed) { delete static_cast<Exported*>(managed->context); }

void delete_capsule(PyObject* capsule) {
  if (PyCapsule_IsValid(capsule, "dltensor") == 0) return;  // it was taken
  auto* managed = static_cast<dlpack::ManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
  managed->deleter(managed);
}

class NativeRig {
 public:
  NativeRig(const NativeModel& model, const FloatArray& neutral, const FloatArray& deltas)
      : n_channels_(model.info().n_channels) {
    if (neutral.ndim() != 2 || neutral.shape(1) != 3)
      throw py::value_error("neutral must be an array [V, 3]");
    const bool fits = deltas.ndim() == 3 && deltas.shape(0) == n_channels_ &&
                      deltas.shape(1) == neutral.shape(0) && deltas.shape(2) == 3;
    if (!fits) throw py::value_error("deltas must be an array [" + std::to_string(n_channels_) + ", V, 3]");
    dt_rig* rig = nullptr;
    const float *from = neutral.data(), *by = deltas.data();
    const auto n = static_cast<size_t>(neutral.shape(0));
    run_unlocked([&] { return dt_rig_create(model.handle(), from, n, by, &rig); });
    handle_.reset(rig);
  }
  void pose(const NativeDeviceArray& frames, const NativeDeviceArray& vertices) const {
    const auto n = frames.shape()[0].cast<size_t>();
    run_unlocked([&] { return dt_rig_pose(handle_.get(), frames.handle(), n, vertices.handle()); });
  }

 private:
  struct Release {
    void operator()(dt_rig* rig) const { dt_rig_release(rig); }
  };
  std::unique_ptr<dt_rig, Release> handle_;
  int n_channels_;
};

}  // namespace

NativeDeviceArray::NativeDeviceArray(const NativeModel& model, const std::vector<int64_t>& shape) {
  dt_device_array* array = nullptr;
  check(dt_device_array_create(model.handle(), shape.data(), static_cast<int32_t>(shape.size()), &array));
  handle_.reset(array, &dt_device_array_release);
  info_.struct_size = sizeof(info_);
  check(dt_device_array_get_info(array, &info_));
}

NativeDeviceArray NativeDeviceArray::head(int64_t n) const {
  if (n < 0 || n > info_.shape[0]) throw py::value_error("there are no " + std::to_string(n) + " rows");
  NativeDeviceArray view = *this;
  view.info_.shape[0] = n;
  return view;
}

py::tuple NativeDeviceArray::shape() const {
  py::tuple out(static_cast<size_t>(info_.n_dims));
  for (size_t i = 0; i < out.size(); ++i) out[i] = info_.shape[i];
  return out;
}

std::string NativeDeviceArray::device() const {
  return info_.device_type == DT_DEVICE_CUDA ? "cuda:" + std::to_string(info_.device) : "cpu";
}

void NativeDeviceArray::wait(uintptr_t stream) const {
  run_unlocked([&] { return dt_device_array_wait(handle(), reinterpret_cast<void*>(stream)); });
}

// Version 3. Without a stream of ours in it a consumer does not wait, so the host does here.
py::dict NativeDeviceArray::cuda_array_interface() const {
  if (info_.device_type != DT_DEVICE_CUDA) throw py::attribute_error("the array lies in host memory");
  wait(0);
  py::dict out;
  out["shape"] = shape();
  out["typestr"] = "<f4";
  out["data"] = py::make_tuple(pointer(), false);
  out["version"] = 3;
  out["strides"] = py::none();
  out["stream"] = py::none();
  return out;
}

py::tuple NativeDeviceArray::dlpack_device() const { return py::make_tuple(info_.device_type, info_.device); }

// All as the array API standard says. stream: for CUDA, None is the legacy default stream, -1 no wait, else a
// cudaStream_t; None on the host. device: where the array lies, or None. copy: not true. BufferError for what
// cannot be done, so that the consumer does it itself.
py::capsule NativeDeviceArray::dlpack(const py::object& stream, const py::object& device,
                                      const py::object& copy) const {
  if (!device.is_none() && !dlpack_device().equal(device)) {
    throw py::buffer_error("the array lies on " + this->device() +
                           " and cannot be exported to another device: copy it with your own library");
  }
  if (!copy.is_none() && copy.cast<bool>()) {
    throw py::buffer_error("the array is exported without a copy: copy it with your own library");
  }
  if (info_.device_type == DT_DEVICE_CUDA) {
    const auto number = stream.is_none() ? int64_t{1} : stream.cast<int64_t>();
    if (number == 0)
      throw py::value_error("stream 0 is ambiguous: 1 is the legacy default stream, 2 the thread's");
    if (number != -1) wait(static_cast<uintptr_t>(number));
  } else if (!stream.is_none() && stream.cast<int64_t>() != -1) {
    throw py::value_error("an array in host memory has no stream");
  }
  auto exported = std::make_unique<Exported>();
  exported->array = handle_;
  std::copy_n(info_.shape, 3, exported->shape);
  exported->managed = {
      {info_.data, {info_.device_type, info_.device}, info_.n_dims, {2, 32, 1}, exported->shape, nullptr, 0},
      exported.get(),
      &delete_exported};
  PyObject* const capsule = PyCapsule_New(&exported->managed, "dltensor", &delete_capsule);
  if (capsule == nullptr) throw py::error_already_set();
  exported.release();
  return py::reinterpret_steal<py::capsule>(capsule);
}

void register_device(py::module_& m) {
  using A = NativeDeviceArray;
  py::class_<A>(m, "DeviceArray", "float32 on the model's device; see dt/device.h.")
      .def(py::init<const NativeModel&, const std::vector<int64_t>&>(), py::arg("model"), py::arg("shape"))
      .def_property_readonly("shape", &A::shape, "Sizes, outermost first.")
      .def_property_readonly("device", &A::device, "\"cuda:0\", or \"cpu\" where host memory stands in.")
      .def_property_readonly("pointer", &A::pointer, "Address of the first value.")
      .def_property_readonly("event", &A::event, "cudaEvent_t of the last write as a number; 0 on the host.")
      .def("head", &A::head, py::arg("n"), "The first n rows, in the same memory.")
      .def("wait", &A::wait, py::arg("stream") = 0,
           "Makes a cudaStream_t (a number), or with 0 this thread, wait for the last write.")
      .def_property_readonly("__cuda_array_interface__", &A::cuda_array_interface)
      .def("__dlpack_device__", &A::dlpack_device)
      .def(
          "__dlpack__",
          [](const A& self, const py::object& stream, const py::object&, const py::object& device,
             const py::object& copy) { return self.dlpack(stream, device, copy); },
          py::kw_only(), py::arg("stream") = py::none(), py::arg("max_version") = py::none(),
          py::arg("dl_device") = py::none(), py::arg("copy") = py::none());
  py::class_<NativeRig>(m, "DeviceRig", "Blendshapes to vertices on the device; see dt/device.h.")
      .def(py::init<const NativeModel&, const FloatArray&, const FloatArray&>(), py::arg("model"),
           py::arg("neutral"), py::arg("deltas"))
      .def("pose", &NativeRig::pose, py::arg("frames"), py::arg("vertices"),
           "All rows of frames [n, n_channels] into the first rows of vertices [.., V, 3].");
}
