// A plain interpreter of ONNX graphs: the judge of the fast backends, and the fallback where they cannot run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backends/reference/onnx_model.h"
#include "backends/reference/op.h"
#include "backends/reference/tensor.h"

namespace dt::reference {

// A loaded graph; immutable, so one object may be run by several threads at once. Values are float32; sums
// over channels, taps and keys are accumulated in double.
class OnnxGraph {
 public:
  // data: a whole .onnx file without external data, opset 13 or later;
  // copied, not kept. Throws dt::Error(DT_BAD_BUNDLE) for a damaged file
  // (it never reads outside it) and for operators that are not implemented.
  // Folding of constants beyond kMaxNetworkCost is DT_BAD_BUNDLE too.
  static OnnxGraph load(const uint8_t* data, size_t size);
  // The same graph without the values of its weights, much faster; only for cost().
  static OnnxGraph outline(const uint8_t* data, size_t size);

  // The graph's inputs without initializers, and its outputs, in file order; -1 marks a symbolic dimension.
  const std::vector<ValueInfo>& inputs() const { return inputs_; }
  const std::vector<ValueInfo>& outputs() const { return model_.outputs; }

  // Runs the graph. inputs: one tensor per input name. Returns one tensor per output, in the order of
  // outputs(). Throws dt::Error: DT_INVALID_ARGUMENT for a missing input or one of another type, rank or
  // fixed dimension; DT_BAD_BUNDLE when an operator cannot work on what it is given.
  std::vector<Tensor> run(const std::map<std::string, Tensor>& inputs) const;

  // What run() would take for inputs of these shapes, and shapes and types of its results, in the order of
  // outputs().
  struct Estimate {
    NetworkCost cost;
    std::vector<Shape> outputs;
    std::vector<DType> dtypes;
  };
  // Throws as run() does, and DT_BAD_BUNDLE for what is beyond kMaxNetworkCost times `batch`.
  Estimate estimate(const std::map<std::string, Shape>& inputs, size_t batch = 1) const;

  // A node as trace() meets it. Values are numbered by slots; -1 stands for an optional one that is left out.
  struct TracedStep {
    const Node* node;  // lives as long as the graph
    OpFunction function;
    std::vector<int64_t> inputs, outputs;
    std::vector<const Tensor*>
        values;  // of the inputs; an outline where it depends on what the network is given
    const std::vector<Tensor>* results;  // outlines too; valid during the call
  };
  // Walks the nodes in order for inputs of these shapes, with every size and every constant known, and
  // computes nothing that depends on the values of the inputs. Limits and faults are those of estimate().
  void trace(const std::map<std::string, Shape>& inputs, size_t batch,
             const std::function<void(const TracedStep&)>& visit) const;
  // Of an input, an output or an initializer; -1 for an unknown name.
  int64_t slot(const std::string& name) const;
  // The values of a constant that the nodes read, null where the slot is none.
  const Tensor* constant(int64_t slot) const;
  // Drops the values of constants, which keep their shapes: the graph can be traced, and not run, from then
  // on.
  void forget(const std::vector<int64_t>& slots);
  // The nodes that are left after folding, with the slots of their inputs.
  void for_each_node(const std::function<void(const Node&, const std::vector<int64_t>& inputs)>& visit) const;

 private:
  // A node with its names resolved to slots of the value table.
  struct Step {
    size_t node;
    OpFunction function;
    std::vector<int64_t> inputs;   // -1: left out
    std::vector<int64_t> outputs;  // -1: not wanted
    std::vector<size_t> last_use;  // slots whose value nobody needs after this step
  };
  using Values = std::vector<const Tensor*>;

  OnnxGraph(OnnxModel model, bool folds);
  void resolve();
  void fold_constants();
  void find_last_uses();
  // meter: as in OpArgs.
  std::vector<Tensor> run_step(const Step& step, const Values& values, CostMeter* meter = nullptr) const;
  using Visitor = std::function<void(const TracedStep&)>;
  std::vector<Tensor> run_steps(const std::map<std::string, Tensor>& inputs, CostMeter* meter,
                                const Visitor* visit = nullptr) const;
  std::vector<Tensor> trace_step(const Step& step, const Values& values, CostMeter* meter,
                                 const Visitor& visit) const;
  std::map<std::string, Tensor> outlines_of(const std::map<std::string, Shape>& inputs) const;
  void drop_unused_constants();
  const Tensor& checked_input(const ValueInfo& info, const std::map<std::string, Tensor>& inputs) const;

  OnnxModel model_;
  std::vector<ValueInfo> inputs_;
  std::map<std::string, int64_t> slot_of_;
  std::map<int64_t, Tensor> constants_;  // initializers, and what follows from them alone
  std::vector<Step> steps_;
  size_t n_slots_ = 0;
};

}  // namespace dt::reference

namespace dt {
using reference::OnnxGraph;
}  // namespace dt
