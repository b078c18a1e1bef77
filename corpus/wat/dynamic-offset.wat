;; Trait: data and elements placed by imported globals, as in position-independent code (__memory_base and
;; __table_base of dynamic linking). The place is known only at instantiation, so no static image holds them.
(module
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "__table_base" (global $table_base i32))
  (memory (export "memory") 2)
  (table 16 funcref)
  (func $f (result i32) i32.const 1)
  (func $g (result i32) i32.const 2)
  (data (global.get $memory_base) "relative to the base")
  (data (i32.const 65536) "at a constant place in the same memory")
  (elem (global.get $table_base) $f $g))
