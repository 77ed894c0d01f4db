#include "backends/reference/onnx_tensor.h"

#include <cstring>
#include <utility>
#include <vector>

#include "backends/reference/half.h"
#include "backends/reference/network_limits.h"
#include "common/error.h"

namespace dt::reference {
namespace {

// TensorProto.DataType of onnx.proto.
enum DataType : int64_t {
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64Type = 7,
  kBoolType = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
};

[[noreturn]] void bad_tensor(const std::string& name, const std::string& what) {
  throw Error(DT_BAD_BUNDLE, "tensor '" + name + "' of the ONNX file " + what + "; export the bundle again");
}

size_t element_bytes(int64_t data_type) {
  switch (data_type) {
    case kUint8:
    case kInt8:
    case kBoolType:
      return 1;
    case kUint16:
    case kInt16:
    case kFloat16:
      return 2;
    case kInt64Type:
    case kDouble:
    case kUint64:
      return 8;
    default:
      return 4;
  }
}

float to_float(uint64_t bits, int64_t data_type) {
  if (data_type == kFloat16) return half_to_float(static_cast<uint16_t>(bits));
  if (data_type == kDouble) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return static_cast<float>(value);
  }
  const uint32_t low = static_cast<uint32_t>(bits);
  float value;
  std::memcpy(&value, &low, sizeof value);
  return value;
}

int64_t to_int(uint64_t bits, int64_t data_type) {
  switch (data_type) {
    case kInt8:
      return static_cast<int8_t>(bits);
    case kInt16:
      return static_cast<int16_t>(bits);
    case kInt32:
      return static_cast<int32_t>(bits);
    case kBoolType:
      return bits != 0;
    default:
      return static_cast<int64_t>(bits);
  }
}

// The values as bit patterns, from whichever of the typed fields the writer used.
struct Payload {
  std::vector<uint64_t> typed;
  const uint8_t* raw = nullptr;
  size_t n_raw = 0;
};

// float_data 4, double_data 10: fixed width; int32_data 5,
// int64_data 7, uint64_data 11: varints. Packed or not.
void read_typed(const ProtoReader& r, Payload& payload) {
  if (!r.is_bytes()) {
    uint64_t bits = 0;
    if (r.field() == 4) {
      const float value = r.real();
      std::memcpy(&bits, &value, sizeof value);
    } else if (r.field() != 10) {
      bits = static_cast<uint64_t>(r.integer());
    } else {
      bad_tensor("", "has unpacked doubles");
    }
    payload.typed.push_back(bits);
    return;
  }
  for (ProtoReader packed = r.message(); !packed.empty();) {
    payload.typed.push_back(r.field() == 4    ? packed.read_fixed32()
                            : r.field() == 10 ? packed.read_fixed64()
                                              : packed.read_varint());
  }
}

Tensor decode(const std::string& name, int64_t data_type, Shape shape, const Payload& payload,
              Weights weights) {
  if (shape.size() > kMaxRank) bad_tensor(name, "has " + std::to_string(shape.size()) + " dimensions");
  const size_t width = element_bytes(data_type);
  const size_t n = payload.raw ? payload.n_raw / width : payload.typed.size();
  if (static_cast<int64_t>(n) != n_elements(shape) || (payload.raw && payload.n_raw % width != 0)) {
    bad_tensor(name, "has shape " + to_string(shape) + " but " + std::to_string(n) + " values");
  }
  if (weights == Weights::kOutline && static_cast<int64_t>(n) > kMaxSizeElements) {
    return Tensor::outline(dtype_of_onnx(data_type), std::move(shape));
  }
  Tensor out = Tensor::zeros(dtype_of_onnx(data_type), std::move(shape));
  for (size_t i = 0; i < n; ++i) {
    uint64_t bits = 0;
    if (payload.raw) {  // little-endian by the ONNX specification
      for (size_t b = width; b-- > 0;) bits = (bits << 8) | payload.raw[i * width + b];
    } else {
      bits = payload.typed[i];
    }
    if (out.dtype == DType::kFloat) {
      out.floats[i] = to_float(bits, data_type);
    } else {
      out.ints[i] = to_int(bits, data_type);
    }
  }
  return out;
}

}  // namespace

DType dtype_of_onnx(int64_t data_type) {
  switch (data_type) {
    case kFloat32:
    case kFloat16:
    case kDouble:
      return DType::kFloat;
    case kBoolType:
      return DType::kBool;
    case kUint8:
    case kInt8:
    case kUint16:
    case kInt16:
    case kInt32:
    case kInt64Type:
    case kUint32:
    case kUint64:
      return DType::kInt64;
    default:
      throw Error(DT_BAD_BUNDLE, "the ONNX file uses data type " + std::to_string(data_type) +
                                     ", which a bundle must not use");
  }
}

Tensor parse_onnx_tensor(ProtoReader r, std::string* name, Weights weights) {
  Shape shape;
  int64_t data_type = 0;
  std::string own_name;
  Payload payload;
  while (r.next()) {
    switch (r.field()) {
      case 1:  // dims
        if (!r.is_bytes()) {
          shape.push_back(r.integer());
        } else {
          for (ProtoReader packed = r.message(); !packed.empty();) {
            shape.push_back(static_cast<int64_t>(packed.read_varint()));
          }
        }
        break;
      case 2:
        data_type = r.integer();
        break;
      case 4:
      case 5:
      case 7:
      case 10:
      case 11:
        read_typed(r, payload);
        break;
      case 3:
        bad_tensor(own_name, "is one piece of a larger one, which bundles do not allow");
      case 8:
        own_name = r.string();
        break;
      case 9:
        payload.raw = r.bytes();
        payload.n_raw = r.n_bytes();
        break;
      case 13:
        bad_tensor(own_name, "keeps its data in another file, which bundles do not allow");
      case 14:
        if (r.integer() != 0)
          bad_tensor(own_name, "keeps its data in another file, which bundles do not allow");
        break;
      default:
        break;
    }
  }
  if (name) *name = own_name;
  return decode(own_name, data_type, std::move(shape), payload, weights);
}

}  // namespace dt::reference
