# Run at build time: writes HEADER with the commit of SOURCE and whether its tree is dirty, if changed.
cmake_minimum_required(VERSION 3.25)
set(commit "unknown")
set(dirty "false")
execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=12 HEAD OUTPUT_VARIABLE out OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET RESULT_VARIABLE failed)
if(NOT failed)
  set(commit "${out}")
  execute_process(COMMAND git -C "${SOURCE}" status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    set(dirty "true")
  endif()
endif()
file(CONFIGURE OUTPUT "${HEADER}" CONTENT "#define INSTBENCH_COMMIT \"@commit@\"\n#define INSTBENCH_DIRTY @dirty@\n" @ONLY)
