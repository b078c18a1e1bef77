;; Trait: a minimum of 1 GiB (16,384 pages) with data at both ends. Only address space may be spent on it, and a
;; reset must cost by the pages used, not by the size.
(module
  (memory (export "memory") 16384)
  (data (i32.const 1024) "near the start")
  (data (i32.const 1073741000) "near the end"))
