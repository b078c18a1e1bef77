;; Trait: nothing at all. The floor of every strategy: what acquiring and dropping an instance costs when
;; there is no memory, table, global or import to make.
(module)
