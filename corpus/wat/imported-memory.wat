;; Trait: the memory belongs to the host (Emscripten's default for SQLite, QuickJS and PostgreSQL). An image
;; of it is right only while the host hands out a fresh zero memory for each instance.
(module
  (import "env" "memory" (memory 2 16))
  (data (i32.const 1024) "written into the host's memory")
  (data (i32.const 70000) "and into its second page"))
