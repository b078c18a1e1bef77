# instbench_source_hash(TARGET DIR NAME): defines NAME, for TARGET, as a string that changes whenever a source file in
# DIR does (tests left out). What DIR's code generates can then be kept under that name.
function(instbench_source_hash target dir name)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${dir}/*.cpp" "${PROJECT_SOURCE_DIR}/${dir}/*.hpp"
       "${PROJECT_SOURCE_DIR}/${dir}/*.c")
  list(FILTER files EXCLUDE REGEX "_test\\.cpp$")
  list(SORT files)
  set(all "")
  foreach(file ${files})
    file(SHA256 "${file}" hash)
    string(APPEND all "${file} ${hash}\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  endforeach()
  string(REPLACE "${PROJECT_SOURCE_DIR}/" "" all "${all}")
  string(SHA256 hash "${all}")
  target_compile_definitions(${target} PRIVATE ${name}="${hash}")
endfunction()
