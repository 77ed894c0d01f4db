// The headers that tests/cpp/CMakeLists.txt compiles in advance.
