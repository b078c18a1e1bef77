;; Trait: the same import twice, an empty module name, an empty field name, a numeric name. All are legal and
;; real toolchains write them; a loader that keys imports by name loses one.
(module
  (import "gojs" "runtime.getRandomData" (func (param i32)))
  (import "gojs" "runtime.getRandomData" (func (param i32)))
  (import "" "memory" (memory 1))
  (import "env" "" (func))
  (import "" "" (global i32))
  (import "" "41" (func (result i32))))
