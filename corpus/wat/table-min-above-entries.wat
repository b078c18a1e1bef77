;; Trait: a table of 9,403 entries of which a segment at offset 4,096 fills four (Go programs look like this).
;; Eager initialisation is about the entries filled; clearing the rest must not be paid entry by entry.
(module
  (table 9403 funcref)
  (func $f)
  (func $g)
  (elem (i32.const 4096) $f $g $f $g))
