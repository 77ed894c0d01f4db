# Guards of the binaries that people install, where compiler and linker have them; tests/structure/test_hardening.py reads
# them from the installed files. Not in Debug and sanitizer builds: FORTIFY needs optimisation and hides what sanitizers see.
if(NOT DT_HARDEN OR MSVC OR EMSCRIPTEN)  # WebAssembly keeps return addresses out of memory
  return()
endif()
include(CheckCXXCompilerFlag)
include(CheckLinkerFlag)
set(DT_HARDENED_CONFIGS $<OR:$<CONFIG:Release>,$<CONFIG:RelWithDebInfo>,$<CONFIG:MinSizeRel>>)

# stack-protector: a changed return address ends the program. stack-clash-protection: large arrays touch every page.
# cf-protection: jumps land where the compiler meant them to.
set(guards stack-protector-strong stack-clash-protection cf-protection)
if(MINGW)
  # Windows has its own way with each page of the stack and with jumps, and GCC 12 breaks down over the second one there.
  set(guards stack-protector-strong)
  add_link_options("$<${DT_HARDENED_CONFIGS}:-fstack-protector-strong>")  # with libssp, which the C library lacks
endif()
foreach(flag ${guards})
  string(MAKE_C_IDENTIFIER "DT_HAS_${flag}" known)
  set(CMAKE_REQUIRED_FLAGS -Werror)
  check_cxx_compiler_flag(-f${flag} ${known})
  unset(CMAKE_REQUIRED_FLAGS)
  if(${known})
    add_compile_options("$<$<AND:${DT_HARDENED_CONFIGS},$<COMPILE_LANGUAGE:C,CXX>>:-f${flag}>")
  endif()
endforeach()

# Checked forms of memcpy and its like. Some systems define another level by themselves.
add_compile_options("$<$<AND:${DT_HARDENED_CONFIGS},$<COMPILE_LANGUAGE:C,CXX>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")

# relro and now: addresses of other libraries' functions are found at load, and are read-only from then on.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  add_link_options("$<${DT_HARDENED_CONFIGS}:LINKER:-z,relro,-z,now,-z,noexecstack>")
endif()
