# Precompiled headers, shared by every target: the standard library, and GoogleTest for tests.
file(WRITE ${CMAKE_BINARY_DIR}/pch.cc "")
add_library(warifu_pch STATIC ${CMAKE_BINARY_DIR}/pch.cc)
target_precompile_headers(warifu_pch PRIVATE <algorithm> <array> <expected> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <utility> <variant> <vector> <chrono> <fmt/format.h>)
target_link_libraries(warifu_pch PUBLIC fmt::fmt Threads::Threads)
target_compile_options(warifu_pch PRIVATE ${WARIFU_WARNINGS})

# The same for modules that are optimised under sanitizers too: a precompiled header has its users' options.
if(WARIFU_HOT_OPTIONS)
  add_library(warifu_hot_pch STATIC ${CMAKE_BINARY_DIR}/pch.cc)
  get_target_property(headers warifu_pch PRECOMPILE_HEADERS)
  target_precompile_headers(warifu_hot_pch PRIVATE ${headers})
  target_link_libraries(warifu_hot_pch PUBLIC fmt::fmt Threads::Threads)
  target_compile_options(warifu_hot_pch PRIVATE ${WARIFU_WARNINGS} ${WARIFU_HOT_OPTIONS})
endif()

add_library(warifu_test_pch STATIC ${CMAKE_BINARY_DIR}/pch.cc)
target_precompile_headers(warifu_test_pch PRIVATE <algorithm> <array> <expected> <functional> <map> <memory> <optional> <span>
    <string> <string_view> <utility> <variant> <vector> <chrono> <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h>)
target_link_libraries(warifu_test_pch PUBLIC fmt::fmt Threads::Threads GTest::gmock)
target_compile_options(warifu_test_pch PRIVATE ${WARIFU_WARNINGS})

# Where tests find their data: a copy of the sources (tools/run_mutants.py) reads the project's own.
set(WARIFU_TEST_SOURCE_DIR ${CMAKE_SOURCE_DIR} CACHE PATH "the folder whose test/ the tests read")

# warifu_module(NAME [HOT] DEPS modules… LIBS third-party…): src/NAME/*.cc is a library, src/NAME/*_test.cc its test
# program. HOT: it runs for long in tests, and is optimised under sanitizers too.
function(warifu_module name)
  cmake_parse_arguments(M "HOT" "" "DEPS;LIBS" ${ARGN})
  string(REPLACE "/" "_" target ${name})
  file(GLOB sources CONFIGURE_DEPENDS src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set_property(GLOBAL APPEND PROPERTY WARIFU_MODULES ${target})

  if(NOT sources)
    add_library(warifu_${target} INTERFACE)
    set(visibility INTERFACE)
  else()
    add_library(warifu_${target} STATIC ${sources})
    set(visibility PUBLIC)
    target_compile_options(warifu_${target} PRIVATE ${WARIFU_WARNINGS})
    if(M_HOT AND WARIFU_HOT_OPTIONS)
      target_compile_options(warifu_${target} PRIVATE ${WARIFU_HOT_OPTIONS})
      target_precompile_headers(warifu_${target} REUSE_FROM warifu_hot_pch)
    else()
      target_precompile_headers(warifu_${target} REUSE_FROM warifu_pch)
    endif()
  endif()
  target_include_directories(warifu_${target} ${visibility} ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/gen)
  target_link_libraries(warifu_${target} ${visibility} fmt::fmt Threads::Threads ${M_LIBS})
  foreach(dep ${M_DEPS})
    string(REPLACE "/" "_" dep_target ${dep})
    target_link_libraries(warifu_${target} ${visibility} warifu_${dep_target})
  endforeach()

  if(tests)
    warifu_test(${target}_test SOURCES ${tests} LIBS warifu_${target})
  endif()
endfunction()

# warifu_test(NAME SOURCES … LIBS … [SLOW]): a GoogleTest program, registered with ctest; SLOW keeps it out of `make fast`.
function(warifu_test name)
  cmake_parse_arguments(T "SLOW" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE WARIFU_SOURCE_DIR="${WARIFU_TEST_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE ${WARIFU_WARNINGS})
  target_precompile_headers(${name} REUSE_FROM warifu_test_pch)
  target_link_libraries(${name} PRIVATE ${T_LIBS} GTest::gmock GTest::gtest_main yaml-cpp)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT
      "ASAN_OPTIONS=detect_container_overflow=0:detect_odr_violation=0;UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=halt_on_error=1")
  if(T_SLOW)
    set_tests_properties(${name} PROPERTIES LABELS slow)
  endif()
endfunction()
