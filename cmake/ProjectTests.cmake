# Tests of the whole: layering, command line, plots. Python from Debian's packages, not from a user's environment.
find_program(INSTBENCH_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
file(GLOB project_tests CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/harness/*_test.py" "${PROJECT_SOURCE_DIR}/harness/*/*_test.py"
     "${PROJECT_SOURCE_DIR}/plot/*_test.py" "${PROJECT_SOURCE_DIR}/corpus/*_test.py")
if(INSTBENCH_SANITIZE)  # only what runs the sanitized binary
  list(FILTER project_tests INCLUDE REGEX "/(cli_test|result_schema_test)\\.py$")
endif()
foreach(test ${project_tests})
  get_filename_component(name "${test}" NAME_WE)
  add_test(NAME ${name} COMMAND ${INSTBENCH_PYTHON} -B "${test}")
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
    ENVIRONMENT "INSTBENCH=$<TARGET_FILE:instbench>;INSTBENCH_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
endforeach()
