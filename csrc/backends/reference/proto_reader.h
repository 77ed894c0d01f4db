// A bounds-checked reader of the protobuf wire format
// (protobuf.dev, "Encoding"), as much of it as ONNX files need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dt::reference {

// Walks the fields of one message; it never reads outside [data, data + size). Every method throws
// dt::Error(DT_BAD_BUNDLE) on malformed bytes.
//
//   for (ProtoReader r(data, size); r.next();) { if (r.field() == 7) r.message()...; }
//
// A field that is not read is skipped by next().
class ProtoReader {
 public:
  ProtoReader(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  // Moves to the next field; false at the end of the message.
  bool next();

  uint32_t field() const { return field_; }
  // True when the field holds bytes: a string, a message or packed numbers.
  bool is_bytes() const { return wire_type_ == 2; }

  int64_t integer() const;      // varint fields: int64, int32, bool, enum
  float real() const;           // 32-bit fields
  std::string string() const;   // bytes fields
  ProtoReader message() const;  // bytes fields
  const uint8_t* bytes() const;
  size_t n_bytes() const { return n_bytes_; }

  // For packed numbers: the reader of message() is used as a plain cursor until empty().
  bool empty() const { return at_ == end_; }
  uint64_t read_varint();
  uint32_t read_fixed32();
  uint64_t read_fixed64();

 private:
  void require_type(int wire_type) const;

  const uint8_t* at_;
  const uint8_t* end_;
  uint32_t field_ = 0;
  int wire_type_ = 0;
  uint64_t number_ = 0;
  const uint8_t* bytes_ = nullptr;
  size_t n_bytes_ = 0;
};

}  // namespace dt::reference
