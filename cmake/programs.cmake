# Everything that is not a module: fuzz targets, benchmarks, the program itself.
file(GLOB fuzz_sources CONFIGURE_DEPENDS test/fuzz/*_fuzz.cc)
file(GLOB bench_sources CONFIGURE_DEPENDS bench/*_bench.cc)

get_property(WARIFU_MODULES GLOBAL PROPERTY WARIFU_MODULES)
set(all_modules "")
foreach(module ${WARIFU_MODULES})
  list(APPEND all_modules warifu_${module})
endforeach()

add_executable(warifu src/main.cc)
target_compile_definitions(warifu PRIVATE WARIFU_VERSION="${PROJECT_VERSION}")
target_compile_options(warifu PRIVATE ${WARIFU_WARNINGS})
target_link_libraries(warifu PRIVATE warifu_server warifu_cli)
if(NOT WARIFU_SANITIZE)
  # A signed read is some hundred small allocations (docs/decisions/0008-jemalloc.md); sanitizers bring their own malloc.
  pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
  target_link_libraries(warifu PRIVATE PkgConfig::JEMALLOC)
endif()

# A fuzz target links libFuzzer under the fuzz preset; elsewhere a driver replays its corpus as a test.
foreach(source ${fuzz_sources})
  get_filename_component(name ${source} NAME_WE)
  string(REPLACE "_fuzz" "" subject ${name})
  if(WARIFU_SANITIZE MATCHES "fuzzer")
    add_executable(${name} ${source})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${source} test/fuzz/replay_main.cc)
    if(NOT subject STREQUAL "canary")  # its corpus must not pass: cmake/checks.cmake
      add_test(NAME ${name}_corpus COMMAND ${name} ${CMAKE_SOURCE_DIR}/test/fuzz/corpus/${subject})
      set_tests_properties(${name}_corpus PROPERTIES ENVIRONMENT "ASAN_OPTIONS=detect_container_overflow=0:detect_odr_violation=0")
    endif()
  endif()
  target_compile_options(${name} PRIVATE ${WARIFU_WARNINGS})
  target_link_libraries(${name} PRIVATE ${all_modules})
endforeach()
# What parses is decided beside the reference evaluator.
target_sources(policy_fuzz PRIVATE test/differential/reference.cc test/differential/reference_values.cc)
target_include_directories(policy_fuzz PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(policy_fuzz PRIVATE yaml-cpp)

foreach(source ${bench_sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} EXCLUDE_FROM_ALL ${source})
  target_compile_definitions(${name} PRIVATE WARIFU_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE ${WARIFU_WARNINGS})
  target_link_libraries(${name} PRIVATE ${all_modules} benchmark::benchmark)
endforeach()

warifu_test(policy_differential_test SOURCES test/differential/policy_differential_test.cc test/differential/reference.cc
    test/differential/properties_test.cc test/differential/operators_test.cc test/differential/reference_values.cc
    test/differential/generator.cc LIBS warifu_policy)

# Records of a conversation file, for those who measure recall without a server (src/extract/README.md).
add_executable(extract_dump EXCLUDE_FROM_ALL bench/extract_dump.cc)
target_compile_options(extract_dump PRIVATE ${WARIFU_WARNINGS})
target_link_libraries(extract_dump PRIVATE warifu_extract)
