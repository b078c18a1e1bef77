;; Trait: elements at constant offsets into the host's table, all of them imported functions (the fix-up module
;; that component tools generate, with numeric names).
(module
  (import "" "$imports" (table 4 funcref))
  (import "" "0" (func $0))
  (import "" "1" (func $1))
  (elem (i32.const 0) $0 $1 $0 $1))
