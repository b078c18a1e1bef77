;; Trait: the second segment ends one byte beyond the memory. Instantiation must trap, whatever the strategy,
;; after the first segment was written (bulk-memory semantics), and nothing of it may leak into the next slot.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "written before the trap")
  (data (i32.const 65533) "four"))
