;; Trait: five short segments far apart in 64 MiB. An image of the whole span would be 64 MiB for 80 bytes:
;; holes must stay holes, and eager must not touch what lies between.
(module
  (memory (export "memory") 1024 1024)
  (data (i32.const 16) "page zero.......")
  (data (i32.const 1048576) "one MiB.........")
  (data (i32.const 16777216) "sixteen MiB.....")
  (data (i32.const 50331648) "forty-eight MiB.")
  (data (i32.const 67108848) "the last bytes.."))
