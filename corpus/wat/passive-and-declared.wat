;; Trait: passive data and elements, and a declared element segment. They cost nothing at instantiation
;; (memory.init and table.init come later, if ever) and must not keep the active ones out of an image.
(module
  (memory (export "memory") 1)
  (table 8 funcref)
  (func $f)
  (func $g)
  (func (export "use")
    (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 4))
    (table.init 1 (i32.const 4) (i32.const 0) (i32.const 2))
    (drop (ref.func $g)))
  (data (i32.const 256) "active")
  (data "passive bytes")
  (elem (i32.const 0) $f)
  (elem func $f $g)
  (elem declare func $g))
