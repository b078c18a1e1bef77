;; Trait: a table of 8,192 entries that code calls through. How many of them one instance uses decides whether
;; filling all beforehand (eager) or making each when it is first called (lazy) is cheaper.
(module
  (type $unary (func (param i32) (result i32)))
  (table 8192 funcref)
  (func $add (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $sub (param i32) (result i32) (i32.sub (local.get 0) (i32.const 3)))
  (func $mul (param i32) (result i32) (i32.mul (local.get 0) (i32.const 5)))
  (func $xor (param i32) (result i32) (i32.xor (local.get 0) (i32.const 7)))
  ;; Calls the first k entries once each, in order; the result depends on every one of them.
  (func (export "call_each") (param $k i32) (result i32) (local $i i32) (local $sum i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $k)))
      (local.set $sum (call_indirect (type $unary) (local.get $sum) (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (local.get $sum))
  ;; Calls k entries (1 to 8,192) once each, evenly spread over the table: every page of entries is seen early.
  (func (export "call_spread") (param $k i32) (result i32) (local $at i32) (local $step i32) (local $sum i32)
    (if (i32.eqz (local.get $k)) (then (return (i32.const 0))))
    (local.set $step (i32.div_u (i32.const 0x20000000) (local.get $k)))  ;; 8,192 / k, in 65,536ths
    (loop $next
      (local.set $sum (call_indirect (type $unary) (local.get $sum) (i32.shr_u (local.get $at) (i32.const 16))))
      (local.set $at (i32.add (local.get $at) (local.get $step)))
      (br_if $next (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
    (local.get $sum))
  ;; Calls the first entry n times: what a call costs once the entry is there.
  (func (export "call_same") (param $n i32) (result i32) (local $sum i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $n)))
      (local.set $sum (call_indirect (type $unary) (local.get $sum) (i32.const 0)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $next)))
    (local.get $sum))
  (elem (i32.const 0) func
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add
    $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add
    $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub
    $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub
    $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub
    $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub
    $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul
    $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul
    $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul
    $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul
    $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor
    $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor
    $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor
    $xor $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor
    $xor $mul $mul $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add
    $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $sub $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add
    $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add $add $xor $mul $mul $sub $add $add $xor $xor $mul $sub $sub $add))
