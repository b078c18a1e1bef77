# instbench_layer(NAME DIR [USES layer...] [PUBLIC_LIBS lib...] [PRIVATE_LIBS lib...])
# One static library instbench_NAME from DIR/*.cpp (main.cpp and *_test.cpp left out), and, with
# INSTBENCH_TESTS, one GoogleTest executable NAME_test from DIR/*_test.cpp.

add_library(instbench_flags INTERFACE)
target_compile_options(instbench_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-qual -Woverloaded-virtual
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # false alarms on std::string operator+ (GCC bug 105651)
  $<$<BOOL:${INSTBENCH_WERROR}>:-Werror>)
target_compile_definitions(instbench_flags INTERFACE $<$<BOOL:${INSTBENCH_ASSERTIONS}>:INSTBENCH_ASSERTIONS>)
if(INSTBENCH_SANITIZE)
  add_compile_options(-fsanitize=${INSTBENCH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${INSTBENCH_SANITIZE})
endif()

if(INSTBENCH_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

function(instbench_layer name dir)
  cmake_parse_arguments(ARG "" "" "USES;PUBLIC_LIBS;PRIVATE_LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${dir}/*.cpp")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  set(uses ${ARG_USES})
  list(TRANSFORM uses PREPEND instbench_)
  add_library(instbench_${name} STATIC ${sources})
  target_include_directories(instbench_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(instbench_${name} PUBLIC ${uses} ${ARG_PUBLIC_LIBS} Threads::Threads
                                          PRIVATE instbench_flags ${ARG_PRIVATE_LIBS})
  if(INSTBENCH_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE instbench_${name} instbench_flags GTest::gtest_main ${ARG_PRIVATE_LIBS})
    target_compile_definitions(${name}_test PRIVATE INSTBENCH_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." PROPERTIES TIMEOUT 300 DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
