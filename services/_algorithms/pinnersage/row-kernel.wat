;; Squared distances from one vector to many, four float32 at a time. row-kernel.ts says what for and has the same loop in
;; TypeScript. Positions are in bytes from the start of the memory, `width` is a multiple of 8. After a change run
;; `node services/_algorithms/assemble.ts` with this file.
(module
  (memory (export "memory") 1)

  (func (export "squaredDistances")
    (param $query i32) (param $rows i32) (param $count i32) (param $width i32) (param $out i32)
    (local $end i32) (local $x i32) (local $y i32) (local $yEnd i32)
    (local $sum0 v128) (local $sum1 v128) (local $t v128)

    (if (i32.eqz (local.get $count)) (then (return)))
    (local.set $end (i32.add (local.get $rows) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $width (i32.shl (local.get $width) (i32.const 2)))
    (loop $each
      (local.set $x (local.get $query))
      (local.set $y (i32.load (local.get $rows)))
      (local.set $yEnd (i32.add (local.get $y) (local.get $width)))
      (local.set $sum0 (v128.const i64x2 0 0))
      (local.set $sum1 (v128.const i64x2 0 0))
      (loop $eights
        (local.set $t (f32x4.sub (v128.load (local.get $x)) (v128.load (local.get $y))))
        (local.set $sum0 (f32x4.add (local.get $sum0) (f32x4.mul (local.get $t) (local.get $t))))
        (local.set $t (f32x4.sub (v128.load offset=16 (local.get $x)) (v128.load offset=16 (local.get $y))))
        (local.set $sum1 (f32x4.add (local.get $sum1) (f32x4.mul (local.get $t) (local.get $t))))
        (local.set $x (i32.add (local.get $x) (i32.const 32)))
        (local.set $y (i32.add (local.get $y) (i32.const 32)))
        (br_if $eights (i32.lt_u (local.get $y) (local.get $yEnd))))
      (local.set $sum0 (f32x4.add (local.get $sum0) (local.get $sum1)))
      (local.set $sum0 (f32x4.add (local.get $sum0)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $sum0) (local.get $sum0))))
      (f32.store (local.get $out) (f32.add
        (f32x4.extract_lane 0 (local.get $sum0)) (f32x4.extract_lane 1 (local.get $sum0))))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (local.set $rows (i32.add (local.get $rows) (i32.const 4)))
      (br_if $each (i32.lt_u (local.get $rows) (local.get $end)))))
)
