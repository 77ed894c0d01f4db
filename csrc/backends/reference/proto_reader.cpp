#include "backends/reference/proto_reader.h"

#include <cstring>

#include "common/error.h"

namespace dt::reference {
namespace {

[[noreturn]] void malformed(const char* what) {
  throw Error(DT_BAD_BUNDLE, std::string("the ONNX file is damaged: ") + what + "; export the bundle again");
}

}  // namespace

uint64_t ProtoReader::read_varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == end_) malformed("a number is cut off");
    const uint8_t byte = *at_++;
    value |= static_cast<uint64_t>(byte & 0x7Fu) << shift;
    if (!(byte & 0x80u)) return value;
  }
  malformed("a number has more than ten bytes");
}

uint32_t ProtoReader::read_fixed32() {
  if (end_ - at_ < 4) malformed("a 32-bit value is cut off");
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = (value << 8) | at_[i];
  at_ += 4;
  return value;
}

uint64_t ProtoReader::read_fixed64() {
  const uint64_t low = read_fixed32();
  return low | static_cast<uint64_t>(read_fixed32()) << 32;
}

bool ProtoReader::next() {
  if (at_ == end_) return false;
  const uint64_t tag = read_varint();
  field_ = static_cast<uint32_t>(tag >> 3);
  wire_type_ = static_cast<int>(tag & 7u);
  if ((tag >> 3) == 0 || (tag >> 3) > 0x1FFFFFFFu) malformed("a field number is out of range");
  switch (wire_type_) {
    case 0:
      number_ = read_varint();
      return true;
    case 1:
      number_ = read_fixed64();
      return true;
    case 2: {
      const uint64_t n = read_varint();
      if (n > static_cast<uint64_t>(end_ - at_)) malformed("a field is longer than the rest of the file");
      bytes_ = at_;
      n_bytes_ = static_cast<size_t>(n);
      at_ += n_bytes_;
      return true;
    }
    case 5:
      number_ = read_fixed32();
      return true;
    default:
      malformed("an unknown wire type");
  }
}

void ProtoReader::require_type(int wire_type) const {
  if (wire_type_ != wire_type) malformed("a field has the wrong type");
}

int64_t ProtoReader::integer() const {
  require_type(0);
  return static_cast<int64_t>(number_);
}

float ProtoReader::real() const {
  require_type(5);
  const uint32_t bits = static_cast<uint32_t>(number_);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::string ProtoReader::string() const {
  require_type(2);
  return std::string(reinterpret_cast<const char*>(bytes_), n_bytes_);
}

const uint8_t* ProtoReader::bytes() const {
  require_type(2);
  return bytes_;
}

ProtoReader ProtoReader::message() const {
  require_type(2);
  return ProtoReader(bytes_, n_bytes_);
}

}  // namespace dt::reference
