#include "backends/reference/onnx_model.h"

#include <cstring>
#include <utility>

#include "backends/reference/network_limits.h"
#include "backends/reference/onnx_tensor.h"
#include "backends/reference/proto_reader.h"
#include "common/error.h"

namespace dt::reference {
namespace {

[[noreturn]] void unsupported(const std::string& what) {
  throw Error(DT_BAD_BUNDLE, "the ONNX file uses " + what + ", which a bundle must not use");
}

// Throws when a file has more than `most` parts of a kind.
void limit(size_t n, size_t most, const char* parts) {
  if (n <= most) return;
  throw Error(DT_BAD_BUNDLE, "the ONNX file has more than " + std::to_string(most) + " " + parts +
                                 ", the most that a bundle's network may have");
}

Attribute parse_attribute(ProtoReader r, std::string& name) {
  Attribute a;
  while (r.next()) {
    switch (r.field()) {
      case 1:
        name = r.string();
        break;
      case 2:
        a.f = r.real();
        break;
      case 3:
        a.i = r.integer();
        break;
      case 4:
        a.s = r.string();
        break;
      case 5:
      case 10:
        a.tensors.push_back(parse_onnx_tensor(r.message(), nullptr, Weights::kRead));
        break;
      case 6:
      case 11:
        unsupported("a subgraph");
      case 7:
        if (!r.is_bytes()) {
          a.floats.push_back(r.real());
        } else {
          for (ProtoReader p = r.message(); !p.empty();) {
            const uint32_t bits = p.read_fixed32();
            float value;
            static_assert(sizeof value == sizeof bits, "float is 32 bits");
            std::memcpy(&value, &bits, sizeof value);
            a.floats.push_back(value);
          }
        }
        break;
      case 8:
        if (!r.is_bytes()) {
          a.ints.push_back(r.integer());
        } else {
          for (ProtoReader p = r.message(); !p.empty();)
            a.ints.push_back(static_cast<int64_t>(p.read_varint()));
        }
        break;
      default:
        break;
    }
  }
  return a;
}

Node parse_node(ProtoReader r) {
  Node node;
  while (r.next()) {
    switch (r.field()) {
      case 1:
        node.inputs.push_back(r.string());
        break;
      case 2:
        node.outputs.push_back(r.string());
        break;
      case 3:
        node.name = r.string();
        break;
      case 4:
        node.op_type = r.string();
        break;
      case 5: {
        std::string name;
        Attribute attribute = parse_attribute(r.message(), name);
        if (!node.attributes.emplace(name, std::move(attribute)).second) {
          unsupported("two attributes of one node that are called '" + name + "'");
        }
        break;
      }
      case 7:
        node.domain = r.string();
        break;
      default:
        break;
    }
  }
  return node;
}

void parse_dimension(ProtoReader r, ValueInfo& info) {
  int64_t value = -1;
  std::string symbol;
  while (r.next()) {
    if (r.field() == 1) value = r.integer();
    if (r.field() == 2) symbol = r.string();
  }
  limit(info.shape.size() + 1, kMaxRank, "dimensions in a tensor");
  info.shape.push_back(value < 0 ? -1 : value);
  info.symbolic_names.push_back(symbol);
}

// ValueInfoProto { name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 } } } }
ValueInfo parse_value_info(ProtoReader r) {
  ValueInfo info;
  bool has_type = false;
  while (r.next()) {
    if (r.field() == 1) info.name = r.string();
    if (r.field() != 2) continue;
    for (ProtoReader type = r.message(); type.next();) {
      if (type.field() != 1) continue;
      for (ProtoReader tensor = type.message(); tensor.next();) {
        if (tensor.field() == 1) {
          info.dtype = dtype_of_onnx(tensor.integer());
          has_type = true;
        }
        if (tensor.field() != 2) continue;
        for (ProtoReader shape = tensor.message(); shape.next();) {
          if (shape.field() == 1) parse_dimension(shape.message(), info);
        }
      }
    }
  }
  if (!has_type) unsupported("an input or output that is not a tensor ('" + info.name + "')");
  return info;
}

void parse_graph(ProtoReader r, Weights weights, OnnxModel& model) {
  size_t n_names = 0;
  while (r.next()) {
    switch (r.field()) {
      case 1:
        limit(model.nodes.size() + 1, kMaxNodes, "nodes");
        model.nodes.push_back(parse_node(r.message()));
        n_names += model.nodes.back().inputs.size() + model.nodes.back().outputs.size();
        limit(n_names, kMaxNames, "inputs and outputs of nodes");
        break;
      case 5: {
        std::string name;
        limit(model.initializers.size() + 1, kMaxInitializers, "initializers");
        Tensor tensor = parse_onnx_tensor(r.message(), &name, weights);
        if (!model.initializers.emplace(name, std::move(tensor)).second) {
          unsupported("two initializers that are called '" + name + "'");
        }
        break;
      }
      case 11:
        limit(model.inputs.size() + 1, kMaxInitializers, "inputs");
        model.inputs.push_back(parse_value_info(r.message()));
        break;
      case 12:
        limit(model.outputs.size() + 1, kMaxInitializers, "outputs");
        model.outputs.push_back(parse_value_info(r.message()));
        break;
      case 15:
        unsupported("a sparse tensor");
      default:
        break;
    }
  }
}

void parse_opset(ProtoReader r, OnnxModel& model) {
  std::string domain;
  int64_t version = 0;
  while (r.next()) {
    if (r.field() == 1) domain = r.string();
    if (r.field() == 2) version = r.integer();
  }
  if (domain.empty() || domain == "ai.onnx") model.opset = version;
}

}  // namespace

OnnxModel parse_onnx_model(const uint8_t* data, size_t size, Weights weights) {
  OnnxModel model;
  bool has_graph = false;
  for (ProtoReader r(data, size); r.next();) {
    if (r.field() == 7) {
      if (has_graph) unsupported("two graphs");
      has_graph = true;
      parse_graph(r.message(), weights, model);
    } else if (r.field() == 8) {
      parse_opset(r.message(), model);
    } else if (r.field() == 20) {
      unsupported("training information");
    } else if (r.field() == 25) {
      unsupported("model-local functions");
    }
  }
  if (!has_graph) throw Error(DT_BAD_BUNDLE, "the ONNX file holds no graph; export the bundle again");
  return model;
}

}  // namespace dt::reference
