;; The products of one vector of float64 with many rows of float32. product-kernel.ts says what it does and has the same loop in
;; TypeScript, which gives the same bits. Positions are bytes from the start of the memory; `width` is the number of bytes of a row,
;; a multiple of 16. After a change run `node services/_algorithms/assemble.ts` with this file.
(module
  (memory (export "memory") 1)

  (func (export "products")
    (param $query i32) (param $rows i32) (param $count i32) (param $width i32) (param $products i32)
    (local $end i32) (local $at i32) (local $x v128) (local $low v128) (local $high v128)
    (block $done
      (loop $each
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $end (i32.add (local.get $rows) (local.get $width)))
        (local.set $at (local.get $query))
        (local.set $low (v128.const f64x2 0 0))
        (local.set $high (v128.const f64x2 0 0))
        (loop $columns
          (local.set $x (v128.load (local.get $rows)))
          (local.set $low
            (f64x2.add
              (local.get $low)
              (f64x2.mul (v128.load (local.get $at)) (f64x2.promote_low_f32x4 (local.get $x)))))
          (local.set $high
            (f64x2.add
              (local.get $high)
              (f64x2.mul
                (v128.load offset=16 (local.get $at))
                (f64x2.promote_low_f32x4
                  (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15
                    (local.get $x) (local.get $x))))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (local.set $rows (i32.add (local.get $rows) (i32.const 16)))
          (br_if $columns (i32.lt_u (local.get $rows) (local.get $end))))
        (local.set $low (f64x2.add (local.get $low) (local.get $high)))
        (f64.store
          (local.get $products)
          (f64.add (f64x2.extract_lane 0 (local.get $low)) (f64x2.extract_lane 1 (local.get $low))))
        (local.set $products (i32.add (local.get $products) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $each)))))
