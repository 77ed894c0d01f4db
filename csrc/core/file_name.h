// Names of files that a bundle or an engine set lists.
#pragma once

#include <string>

namespace dt {

// Whether a name is that of a file in its own folder, on every system: no separator, no drive, no control
// character, no device of Windows ("NUL", "com1.onnx"), at most 255 bytes.
bool is_plain_file_name(const std::string& name);

// The name with A to Z as a to z.
std::string ascii_lower(std::string name);

}  // namespace dt
