;; Trait: mutable globals of every number type, exported, with non-zero starting values. Dropping an instance must
;; undo writes to them: the next one starts from these values again.
(module
  (global (export "i") (mut i32) (i32.const 1))
  (global (export "l") (mut i64) (i64.const -2))
  (global (export "f") (mut f32) (f32.const 3.5))
  (global (export "d") (mut f64) (f64.const -4.25))
  (global (export "constant") i32 (i32.const 5))
  (global (export "reference") (mut funcref) (ref.null func))
  (func $bump (export "bump")
    (global.set 0 (i32.add (global.get 0) (i32.const 1)))))
