# instbench_provenance(TARGET): what this binary is, as compile definitions of TARGET's build_info.cpp.
# The commit is read at every build (not only at configure time), so a result never names a stale one.
function(instbench_provenance target)
  set(header "${PROJECT_BINARY_DIR}/generated/build_commit.inc")
  add_custom_target(instbench_commit
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DHEADER=${header} -P "${PROJECT_SOURCE_DIR}/cmake/WriteCommit.cmake"
    BYPRODUCTS ${header} VERBATIM)
  add_dependencies(${target} instbench_commit)
  target_include_directories(${target} PRIVATE "${PROJECT_BINARY_DIR}/generated")
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  string(STRIP "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}" flags)
  target_compile_definitions(${target} PRIVATE
    INSTBENCH_VERSION="${PROJECT_VERSION}" INSTBENCH_BUILD_TYPE="${CMAKE_BUILD_TYPE}"
    INSTBENCH_COMPILER="${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
    INSTBENCH_FLAGS="${flags}" INSTBENCH_SANITIZE="${INSTBENCH_SANITIZE}")
endfunction()
