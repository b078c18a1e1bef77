;; Trait: two tables, one of them with an active segment that names its table. Eligibility is a matter of each
;; table: a plain one stays static whatever happens to its neighbour.
(module
  (import "env" "__table_base" (global $base i32))
  (table $plain 4 funcref)
  (table $moved (export "moved") 8 funcref)
  (func $f)
  (func $g)
  (elem (table $plain) (i32.const 1) func $f $g)
  (elem (table $moved) (global.get $base) func $g $f))
