// Ends a file kernels_*.cpp: the table of its instruction set, DT_CPU_TABLE(), named DT_CPU_NAME.
#include "backends/cpu/kernels_attention.h"
#include "backends/cpu/kernels_linear.h"
#include "backends/cpu/kernels_rows.h"
#include "backends/cpu/tables.h"

namespace dt::cpu {

const Kernels& DT_CPU_TABLE() {
  static const Kernels table{DT_CPU_NAME, false,   kLanes,     kPanel,     kRowBlock, &linear, &norm,
                             &depthwise,  &rotary, &key_value, &attention, &unary,    &binary};
  return table;
}

}  // namespace dt::cpu
