# The program that every sandbox begins with: small, static, never sanitized, and part of the sandbox library as bytes.
file(GLOB sandbox_inside CONFIGURE_DEPENDS src/sandbox/inside/*.cc)
set(sandbox_image ${CMAKE_BINARY_DIR}/warifu_inside)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(sandbox_emulation aarch64linux)
else()
  set(sandbox_emulation elf_x86_64)
endif()
add_custom_command(
  OUTPUT ${sandbox_image}.o
  COMMAND ${CMAKE_CXX_COMPILER} -std=gnu++23 -O2 -static -fno-exceptions -fno-rtti -nostdlib++ -fstack-protector-strong -Wall -Wextra
          -Wshadow -Wconversion -Wsign-conversion -Werror -I${CMAKE_SOURCE_DIR}/src -s -o ${sandbox_image} ${sandbox_inside}
  COMMAND ${CMAKE_LINKER} -m ${sandbox_emulation} -r -b binary -z noexecstack -o warifu_inside.o warifu_inside
  DEPENDS ${sandbox_inside} src/sandbox/inside/inside.h src/sandbox/protocol.h
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
  COMMENT "Linking warifu_inside" VERBATIM)
target_sources(warifu_sandbox PRIVATE ${sandbox_image}.o)
