;; Trait: table entries that name imported functions. A finished table cannot be shared as it is: these entries
;; belong to the instance, so a template needs a patch for each.
(module
  (import "env" "first" (func $first (param i32)))
  (import "env" "second" (func $second (param i32) (result i32)))
  (table (export "table") 6 funcref)
  (func $local (param i32))
  (elem (i32.const 0) $first $local $second $local $first))
