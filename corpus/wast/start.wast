;; Start functions run after all segments, once per instance, also when imported; a trap in one fails the instantiation.

(module $State
  (memory (export "mem") 1)
  (global $runs (export "runs") (mut i32) (i32.const 0))
  (func (export "run") (global.set $runs (i32.add (global.get $runs) (i32.const 1)))))
(register "state" $State)

(module
  (import "state" "run" (func $run))
  (start $run))
(assert_return (get $State "runs") (i32.const 1))
(module
  (import "state" "run" (func $run))
  (start $run))
(assert_return (get $State "runs") (i32.const 2))

(module
  (memory 1)
  (global $seen (export "seen") (mut i32) (i32.const 0))
  (global $called (export "called") (mut i32) (i32.const 0))
  (table 3 funcref)
  (func $f (result i32) (i32.const 9))
  (data (i32.const 0) "\01\02\03\04")
  (elem (i32.const 1) func $f)
  (func $start
    (global.set $seen (i32.load (i32.const 0)))
    (global.set $called (call_indirect (result i32) (i32.const 1)))
    (i32.store (i32.const 4) (i32.const 7))
    (table.set 0 (i32.const 2) (ref.func $f))
    (drop (memory.grow (i32.const 1))))
  (start $start)
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))
(assert_return (get "seen") (i32.const 0x04030201))
(assert_return (get "called") (i32.const 9))
(assert_return (invoke "load" (i32.const 4)) (i32.const 7))
(assert_return (invoke "size") (i32.const 2))
(assert_return (invoke "call" (i32.const 2)) (i32.const 9))
(assert_trap (invoke "call" (i32.const 0)) "uninitialized element")

(assert_trap (module (func $s (unreachable)) (start $s)) "unreachable")
(assert_trap
  (module (memory 1) (func $s (drop (i32.load (i32.const 65536)))) (start $s))
  "out of bounds memory access")
(assert_trap
  (module (func $s (param i32) (call $s (i32.const 1))) (func $t (call $s (i32.const 0))) (start $t))
  "call stack exhausted")
(assert_trap
  (module
    (import "state" "run" (func $run))
    (table 1 funcref)
    (func $s (call $run) (call_indirect (i32.const 0)))
    (start $s))
  "uninitialized element")
(assert_return (get $State "runs") (i32.const 3))
;; A segment out of bounds comes before the start function.
(assert_trap
  (module
    (import "state" "run" (func $run))
    (memory 1)
    (data (i32.const 65536) "x")
    (start $run))
  "out of bounds memory access")
(assert_return (get $State "runs") (i32.const 3))
;; A failed instantiation that shares nothing leaves nothing: the next one starts clean.
(assert_trap
  (module
    (memory 1) (global $g (mut i32) (i32.const 0)) (table 2 funcref)
    (elem declare func $s)
    (func $s
      (i32.store (i32.const 0) (i32.const -1)) (global.set $g (i32.const 5))
      (table.set 0 (i32.const 0) (ref.func $s)) (unreachable))
    (start $s))
  "unreachable")
(module
  (memory 1) (global $g (mut i32) (i32.const 0)) (table 2 funcref)
  (func (export "load") (result i32) (i32.load (i32.const 0)))
  (func (export "global") (result i32) (global.get $g))
  (func (export "null") (result i32) (ref.is_null (table.get 0 (i32.const 0)))))
(assert_return (invoke "load") (i32.const 0))
(assert_return (invoke "global") (i32.const 0))
(assert_return (invoke "null") (i32.const 1))

(assert_invalid (module (func $s (param i32)) (start $s)) "start function")
(assert_invalid (module (func $s (result i32) (i32.const 0)) (start $s)) "start function")
