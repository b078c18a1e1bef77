;; Trait: one page of memory and no data. Shows the cost of a linear memory itself: the reservation, the
;; protection change and the teardown, before a byte is initialised.
(module
  (memory (export "memory") 1))
