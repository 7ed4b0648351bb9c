# AWS's managed policies are data files, built into the program: it must not need the source tree when it runs.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB WARIFU_MANAGED_POLICIES CONFIGURE_DEPENDS model/managed_policies/*.json)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${WARIFU_MANAGED_POLICIES} tools/embed_managed_policies.py)
execute_process(COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/embed_managed_policies.py
                        --policies ${CMAKE_SOURCE_DIR}/model/managed_policies
                        --out ${CMAKE_BINARY_DIR}/gen/identity_data/aws_policies.inc COMMAND_ERROR_IS_FATAL ANY)
