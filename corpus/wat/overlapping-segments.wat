;; Trait: segments that overlap and descend. The specification writes them in order, so the last one wins
;; byte by byte: the memory must begin "aaCCBBBBaa".
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "aaaaaaaaaa")
  (data (i32.const 3) "BBBBB")
  (data (i32.const 2) "CC")
  (data (i32.const 40000) "later in memory")
  (data (i32.const 39998) "earlier"))
