# The rules of the house as tests: each check of the sources, and the tests of our own tools.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB check_scripts CONFIGURE_DEPENDS tools/check_*.py)
file(GLOB_RECURSE tool_tests CONFIGURE_DEPENDS tools/*_test.py)
list(APPEND check_scripts ${tool_tests})
list(REMOVE_DUPLICATES check_scripts)
foreach(script ${check_scripts})
  get_filename_component(name ${script} NAME_WE)
  add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} -B ${script} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS check)
endforeach()

# The conversations that recall is measured on.
add_test(NAME check_conversations
         COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/test/data/conversations/check.py)
set_tests_properties(check_conversations PROPERTIES LABELS check)

# The canary: a planted bug that the fuzzer must find and that replaying its corpus must die of. If either passes, neither
# means anything for the other targets.
if(TARGET canary_fuzz)
  add_test(NAME fuzz_canary_replay_dies
           COMMAND sh -c "! $<TARGET_FILE:canary_fuzz> '${CMAKE_SOURCE_DIR}/test/fuzz/corpus/canary'")
endif()
add_test(NAME fuzz_canary_is_found
         COMMAND sh ${CMAKE_SOURCE_DIR}/test/fuzz/canary.sh ${CMAKE_CXX_COMPILER} ${CMAKE_BINARY_DIR}/canary)
