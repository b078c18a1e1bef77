# instbench_embed(TARGET FILE NAME): the text of FILE as `extern const std::string_view NAME` in namespace instbench.
function(instbench_embed target file name)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}.cpp")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${file}")
  file(READ "${PROJECT_SOURCE_DIR}/${file}" text)
  file(CONFIGURE OUTPUT "${out}" @ONLY CONTENT
"#include <string_view>
namespace instbench {
extern const std::string_view @name@;
const std::string_view @name@ = R\"embedded(@text@)embedded\";
}  // namespace instbench
")
  target_sources(${target} PRIVATE "${out}")
endfunction()
