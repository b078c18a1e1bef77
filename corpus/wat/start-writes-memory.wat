;; Trait: a start function that fills 64 pages of 4 KiB and one global. This state is made by code, so the
;; static image does not hold it: each instantiation faults and writes the pages unless a snapshot is taken.
(module
  (memory (export "memory") 4)
  (global $done (mut i32) (i32.const 0))
  (data (i32.const 0) "overwritten by start")
  (func $start (local $at i32)
    (loop $next
      (i64.store (local.get $at) (i64.const 0x0101010101010101))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 262144))))
    (global.set $done (i32.const 1)))
  (start $start))
