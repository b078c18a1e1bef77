;; Trait: one active segment with a constant offset. The smallest module with a memory image; eager copies
;; 29 bytes and takes one fault, an overlay maps one page.
(module
  (memory (export "memory") 1)
  (data (i32.const 1024) "a segment at a constant place"))
