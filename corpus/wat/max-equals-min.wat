;; Trait: memory and table that can never grow (maximum equals minimum). Nothing beyond the minimum has to
;; be reserved or made accessible later.
(module
  (memory (export "memory") 2 2)
  (table 2 2 funcref)
  (func $f)
  (data (i32.const 131071) "!")
  (elem (i32.const 0) $f))
