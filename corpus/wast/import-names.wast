;; Imports that share a name, or have names no C identifier can have. Each is bound on its own, and each instance
;; has its own bindings.

(module $Given
  (func (export "f") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3)))
  (func (export "g") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "") (result i32) (i32.const 40))
  (func (export "a b\00c\u{e9}") (result i32) (i32.const 41))
  (func (export "a_b") (result i32) (i32.const 42)))
(register "given" $Given)
(register "" $Given)

(module
  (func (export "f") (param i64) (result i64) (i64.const 7)))
(register "given-")

;; One function imported twice, and under two of the same types.
(module
  (type $wide (func (param i64) (result i64)))
  (import "given" "f" (func $f1 (type $wide)))
  (import "given" "g" (func $g1 (param i32) (result i32)))
  (import "given" "f" (func $f2 (param i64) (result i64)))
  (import "given" "g" (func $g2 (param i32) (result i32)))
  (import "given-" "f" (func $f3 (param i64) (result i64)))
  (func (export "f1") (param i64) (result i64) (call $f1 (local.get 0)))
  (func (export "f2") (param i64) (result i64) (call $f2 (local.get 0)))
  (func (export "f3") (param i64) (result i64) (call $f3 (local.get 0)))
  (func (export "both") (param i32) (result i32) (call $g2 (call $g1 (local.get 0))))
  (export "again" (func $f1)))
(assert_return (invoke "f1" (i64.const 0x1_0000_0001)) (i64.const 0x3_0000_0003))
(assert_return (invoke "f2" (i64.const -0x1_0000_0001)) (i64.const -0x3_0000_0003))
(assert_return (invoke "f3" (i64.const 5)) (i64.const 7))
(assert_return (invoke "both" (i32.const 5)) (i32.const 7))
(assert_return (invoke "again" (i64.const 0x7fff_ffff_ffff_ffff)) (i64.const 0x7fff_ffff_ffff_fffd))

;; The same name with another type is a link error, not a miscompiled call.
(assert_unlinkable
  (module
    (import "given" "f" (func (param i64) (result i64)))
    (import "given" "f" (func (param i32) (result i32))))
  "incompatible import type")
(assert_unlinkable (module (import "given" "h" (func))) "unknown import")
(assert_unlinkable (module (import "absent" "f" (func))) "unknown import")
(assert_unlinkable (module (import "given" "f" (global i64))) "incompatible import type")
(assert_unlinkable (module (import "given" "f" (memory 0))) "incompatible import type")

(module
  (import "" "" (func $empty (result i32)))
  (import "given" "a b\00c\u{e9}" (func $odd (result i32)))
  (import "given" "a_b" (func $plain (result i32)))
  (func (export "sum") (result i32)
    (i32.add (i32.mul (call $empty) (i32.const 10000))
             (i32.add (i32.mul (call $odd) (i32.const 100)) (call $plain)))))
(assert_return (invoke "sum") (i32.const 404142))

;; Two instances of one module with different imports, alive together.
(module $One (func (export "which") (result i32) (i32.const 1)))
(module $Two (func (export "which") (result i32) (i32.const 2)))
(register "provider" $One)
(module $UsesOne
  (import "provider" "which" (func $which (result i32)))
  (table funcref (elem $which))
  (func (export "direct") (result i32) (call $which))
  (func (export "indirect") (result i32) (call_indirect (result i32) (i32.const 0))))
(register "provider" $Two)
(module $UsesTwo
  (import "provider" "which" (func $which (result i32)))
  (table funcref (elem $which))
  (func (export "direct") (result i32) (call $which))
  (func (export "indirect") (result i32) (call_indirect (result i32) (i32.const 0))))
(assert_return (invoke $UsesOne "direct") (i32.const 1))
(assert_return (invoke $UsesTwo "direct") (i32.const 2))
(assert_return (invoke $UsesOne "indirect") (i32.const 1))
(assert_return (invoke $UsesTwo "indirect") (i32.const 2))
