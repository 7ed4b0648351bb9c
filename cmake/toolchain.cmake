if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(FATAL_ERROR "warifu needs clang 19: g++ 12 destroys some coroutine temporaries twice (docs/decisions/0001-clang.md). "
                      "Use `make build`, or cmake --preset release")
endif()
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "warifu needs clang 19, found ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
# simdjson asks for -pthread; a precompiled header must have been built with it then, so every target is.
add_compile_options(-pthread)
add_link_options(-fuse-ld=lld-19)

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers carry times and macros that ccache would otherwise refuse to look past.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
      CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
endif()
option(WARIFU_PLANTED "a planted bug is being built: what only warns is no error" OFF)
if(WARIFU_PLANTED)
  list(PREPEND CMAKE_CXX_COMPILER_LAUNCHER sh ${CMAKE_SOURCE_DIR}/tools/without_werror.sh)
endif()

set(WARIFU_SANITIZE "" CACHE STRING "sanitizers, comma-separated")
if(WARIFU_SANITIZE)
  add_compile_options(-fsanitize=${WARIFU_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WARIFU_SANITIZE})
  # Coroutines and handlers take three times as long to compile with -O1 under sanitizers, and run for moments; what runs
  # for long in tests is optimised (HOT in CMakeLists.txt), so that the suites take minutes, not tens of minutes.
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
  set(WARIFU_HOT_OPTIONS -O1)
else()
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1 -D_GLIBCXX_ASSERTIONS")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g0 -march=x86-64-v2 -maes -mpclmul")

add_compile_options(-Xclang -fno-pch-timestamp)
set(WARIFU_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Werror
    -Wno-gnu-statement-expression -Wno-missing-designated-field-initializers)
