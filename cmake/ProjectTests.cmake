# Tests of the whole: layering, command line, plots. Python from Debian's packages, not from a user's environment.
find_program(INSTBENCH_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
file(GLOB project_tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/harness/*_test.py" "${PROJECT_SOURCE_DIR}/harness/*/*_test.py"
     "${PROJECT_SOURCE_DIR}/plot/*_test.py" "${PROJECT_SOURCE_DIR}/corpus/*_test.py")
if(INSTBENCH_SANITIZE)  # only what runs the sanitized binary
  list(FILTER project_tests INCLUDE REGEX "/(cli_test|compare_cli_test|result_schema_test)\\.py$")
endif()
add_executable(judge_probe harness/judge/main.cpp)  # for harness/judge/oracle_test.py
target_link_libraries(judge_probe PRIVATE instbench_judge instbench_flags)
foreach(test ${project_tests})
  get_filename_component(name "${test}" NAME_WE)
  add_test(NAME ${name} COMMAND ${INSTBENCH_PYTHON} -B "${test}")
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
    ENVIRONMENT "INSTBENCH=$<TARGET_FILE:instbench>;JUDGE_PROBE=$<TARGET_FILE:judge_probe>;INSTBENCH_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
endforeach()

# In V8: the call scripts' answers, a witness of its own (it names each real module that it skips because it is not in the
# cache), and the engine v8.
find_program(INSTBENCH_NODE NAMES node)
find_program(INSTBENCH_WAT2WASM NAMES wat2wasm)
foreach(script corpus/check_calls.mjs harness/engines/v8/worker_test.mjs)
  if(INSTBENCH_SANITIZE)
    continue()
  endif()
  string(REGEX REPLACE "^(corpus|harness/engines)/|\\.mjs$" "" name "${script}")
  string(REPLACE "/" "_" name "${name}")  # check_calls, v8_worker_test
  if(INSTBENCH_NODE AND INSTBENCH_WAT2WASM)
    add_test(NAME ${name} COMMAND ${INSTBENCH_NODE} "${PROJECT_SOURCE_DIR}/${script}")
  else()
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "skipped: node or wat2wasm (Debian: apt install nodejs wabt) is not installed")
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: node or wat2wasm")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endforeach()

# The scripts of the specification and our own, on every preset, with both compilers: ctest -L wast.
foreach(suite corpus spectest)
  foreach(compiler tcc cc)
    if(INSTBENCH_SANITIZE AND NOT "${suite}-${compiler}" STREQUAL "corpus-tcc")
      continue()
    endif()
    set(name "wast-${suite}-${compiler}")
    add_test(NAME ${name} COMMAND ${INSTBENCH_PYTHON} -B "${PROJECT_SOURCE_DIR}/harness/wast_conformance.py" ${suite} ${compiler})
    set_tests_properties(${name} PROPERTIES TIMEOUT 1800 SKIP_RETURN_CODE 77 LABELS wast
      ENVIRONMENT "INSTBENCH=$<TARGET_FILE:instbench>;INSTBENCH_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
  endforeach()
endforeach()
