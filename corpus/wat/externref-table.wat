;; Trait: a funcref table beside a table of host references, as wasm-bindgen makes them. The host's entries
;; start null and nothing can precompute them.
(module
  (table (export "functions") 2 funcref)
  (table (export "host") 128 externref)
  (func $f)
  (elem (i32.const 1) $f))
