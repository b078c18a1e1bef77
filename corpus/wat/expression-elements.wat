;; Trait: element entries written as expressions, some of them ref.null. A null is a static entry like any
;; other: it says what the table holds there, and overwrites what an earlier segment put in its place.
(module
  (table (export "table") 8 funcref)
  (func $f)
  (elem (i32.const 0) funcref (ref.func $f) (ref.null func) (ref.func $f))
  (elem (i32.const 0) funcref (ref.null func))
  (elem (i32.const 6) funcref (ref.null func) (ref.func $f)))
