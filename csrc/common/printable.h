// Texts that a bundle or a file may have chosen, made safe for a terminal and for UTF-8 readers.
#pragma once

#include <cstddef>
#include <string>

namespace dt {

// Copies text as one line of UTF-8 and ends it with 0: line breaks and tabs become spaces, other control
// characters and bytes that are no UTF-8 become "?". Cut between two characters where capacity, which is
// above 0, is too small. out may be text itself. Never allocates.
void copy_printable(const char* text, char* out, size_t capacity);

// The same as a string, uncut.
std::string printable(const std::string& text);

}  // namespace dt
