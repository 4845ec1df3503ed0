;; Products of one vector with many rows of float32. product-rows.ts says what it does, and scalar-rows.ts has the same loops in
;; TypeScript, which give the same bits. Positions are bytes from the start of the memory, which holds the rows; `width` is the number of bytes
;; of a row, a multiple of 16. After a change run `node services/_algorithms/assemble.ts` with this file.
(module
  (memory (import "rows" "memory") 1)

  ;; In float64, from `query` in float64.
  (func $product (param $query i32) (param $row i32) (param $width i32) (result f64)
    (local $end i32) (local $x v128) (local $low v128) (local $high v128)
    (local.set $end (i32.add (local.get $row) (local.get $width)))
    (loop $columns
      (local.set $x (v128.load (local.get $row)))
      (local.set $low
        (f64x2.add
          (local.get $low)
          (f64x2.mul (v128.load (local.get $query)) (f64x2.promote_low_f32x4 (local.get $x)))))
      (local.set $high
        (f64x2.add
          (local.get $high)
          (f64x2.mul
            (v128.load offset=16 (local.get $query))
            (f64x2.promote_low_f32x4
              (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15
                (local.get $x) (local.get $x))))))
      (local.set $query (i32.add (local.get $query) (i32.const 32)))
      (local.set $row (i32.add (local.get $row) (i32.const 16)))
      (br_if $columns (i32.lt_u (local.get $row) (local.get $end))))
    (local.set $low (f64x2.add (local.get $low) (local.get $high)))
    (f64.add (f64x2.extract_lane 0 (local.get $low)) (f64x2.extract_lane 1 (local.get $low))))

  ;; For the row of each place: the probe of the largest weight · product above `largest`, with its product, where there is one. Weights
  ;; fall and no product is above 1, so that the first probe which weighs no more than the largest is the last to be looked at.
  (func (export "strongest")
    (param $probes i32) (param $weights i32) (param $count i32) (param $first i32)
    (param $rows i32) (param $places i32) (param $end i32) (param $width i32)
    (param $largest i32) (param $strongest i32) (param $products i32)
    (local $row i32) (local $probe i32) (local $i i32)
    (local $most f64) (local $weight f64) (local $product f64)
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $places) (local.get $end)))
        (local.set $row
          (i32.add (local.get $rows) (i32.mul (i32.load (local.get $places)) (local.get $width))))
        (local.set $most (f64.load (local.get $largest)))
        (local.set $probe (local.get $probes))
        (local.set $i (i32.const 0))
        (block $last
          (loop $probing
            (br_if $last (i32.ge_u (local.get $i) (local.get $count)))
            (local.set $weight
              (f64.load (i32.add (local.get $weights) (i32.shl (local.get $i) (i32.const 3)))))
            (br_if $last (f64.le (local.get $weight) (local.get $most)))
            (local.set $product
              (call $product (local.get $probe) (local.get $row) (local.get $width)))
            (local.set $weight (f64.mul (local.get $weight) (local.get $product)))
            (if (f64.gt (local.get $weight) (local.get $most))
              (then
                (local.set $most (local.get $weight))
                (i32.store (local.get $strongest) (i32.add (local.get $first) (local.get $i)))
                (f64.store (local.get $products) (local.get $product))))
            (local.set $probe
              (i32.add (local.get $probe) (i32.shl (local.get $width) (i32.const 1))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $probing)))
        (f64.store (local.get $largest) (local.get $most))
        (local.set $places (i32.add (local.get $places) (i32.const 4)))
        (local.set $strongest (i32.add (local.get $strongest) (i32.const 4)))
        (local.set $largest (i32.add (local.get $largest) (i32.const 8)))
        (local.set $products (i32.add (local.get $products) (i32.const 8)))
        (br $each))))

  ;; Factor · product of the row of each place.
  (func (export "scores")
    (param $query i32) (param $rows i32) (param $factors i32) (param $width i32)
    (param $places i32) (param $end i32) (param $to i32)
    (local $place i32)
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $places) (local.get $end)))
        (local.set $place (i32.load (local.get $places)))
        (f64.store (local.get $to)
          (f64.mul
            (f64.load (i32.add (local.get $factors) (i32.shl (local.get $place) (i32.const 3))))
            (call $product
              (local.get $query)
              (i32.add (local.get $rows) (i32.mul (local.get $place) (local.get $width)))
              (local.get $width))))
        (local.set $places (i32.add (local.get $places) (i32.const 4)))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))
        (br $each))))

  ;; Products of the row of each of `others` with the rows of `places`, of which there is a multiple of four, in float32.
  (func (export "products")
    (param $places i32) (param $placesEnd i32) (param $others i32) (param $othersEnd i32)
    (param $rows i32) (param $width i32) (param $to i32)
    (local $place i32) (local $other i32) (local $end i32) (local $x v128)
    (local $rowA i32) (local $rowB i32) (local $rowC i32) (local $rowD i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $others) (local.get $othersEnd)))
        (local.set $place (local.get $places))
        (block $last
          (loop $four
            (br_if $last (i32.ge_u (local.get $place) (local.get $placesEnd)))
            (local.set $other
              (i32.add (local.get $rows) (i32.mul (i32.load (local.get $others)) (local.get $width))))
            (local.set $end (i32.add (local.get $other) (local.get $width)))
            (local.set $rowA
              (i32.add (local.get $rows) (i32.mul (i32.load (local.get $place)) (local.get $width))))
            (local.set $rowB
              (i32.add (local.get $rows)
                (i32.mul (i32.load offset=4 (local.get $place)) (local.get $width))))
            (local.set $rowC
              (i32.add (local.get $rows)
                (i32.mul (i32.load offset=8 (local.get $place)) (local.get $width))))
            (local.set $rowD
              (i32.add (local.get $rows)
                (i32.mul (i32.load offset=12 (local.get $place)) (local.get $width))))
            (local.set $a (v128.const f32x4 0 0 0 0))
            (local.set $b (v128.const f32x4 0 0 0 0))
            (local.set $c (v128.const f32x4 0 0 0 0))
            (local.set $d (v128.const f32x4 0 0 0 0))
            (loop $columns
              (local.set $x (v128.load (local.get $other)))
              (local.set $a
                (f32x4.add (local.get $a) (f32x4.mul (local.get $x) (v128.load (local.get $rowA)))))
              (local.set $b
                (f32x4.add (local.get $b) (f32x4.mul (local.get $x) (v128.load (local.get $rowB)))))
              (local.set $c
                (f32x4.add (local.get $c) (f32x4.mul (local.get $x) (v128.load (local.get $rowC)))))
              (local.set $d
                (f32x4.add (local.get $d) (f32x4.mul (local.get $x) (v128.load (local.get $rowD)))))
              (local.set $rowA (i32.add (local.get $rowA) (i32.const 16)))
              (local.set $rowB (i32.add (local.get $rowB) (i32.const 16)))
              (local.set $rowC (i32.add (local.get $rowC) (i32.const 16)))
              (local.set $rowD (i32.add (local.get $rowD) (i32.const 16)))
              (local.set $other (i32.add (local.get $other) (i32.const 16)))
              (br_if $columns (i32.lt_u (local.get $other) (local.get $end))))
            ;; The lanes 0 + 1 and 2 + 3 of each, and the sum of both.
            (local.set $x
              (f32x4.add
                (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                  (local.get $a) (local.get $b))
                (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31
                  (local.get $a) (local.get $b))))
            (local.set $c
              (f32x4.add
                (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                  (local.get $c) (local.get $d))
                (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31
                  (local.get $c) (local.get $d))))
            (v128.store (local.get $to)
              (f32x4.add
                (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                  (local.get $x) (local.get $c))
                (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31
                  (local.get $x) (local.get $c))))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (local.set $place (i32.add (local.get $place) (i32.const 16)))
            (br $four)))
        (local.set $others (i32.add (local.get $others) (i32.const 4)))
        (br $each))))

  ;; Places and scores of the rows of a score above `bar`, which is at least 0. `count` is a multiple of four, and the factors fall.
  ;; Four products at a time are estimated from `codes`, rows of int8 with a scale in float32 each, and `direction`, the query of length
  ;; 1 in int16: a row whose estimate with `slack` cannot reach the bar needs no product in float64. `narrow` is the number of bytes of
  ;; codes of a row, a multiple of eight.
  (func (export "above")
    (param $query i32) (param $direction i32) (param $rows i32) (param $codes i32) (param $scales i32)
    (param $factors i32) (param $place i32) (param $count i32) (param $width i32) (param $narrow i32)
    (param $longest f64) (param $slack f64) (param $bar f64)
    (param $places i32) (param $scores i32)
    (result i32)
    (local $found i32) (local $at i32) (local $end i32) (local $mask i32) (local $own i32)
    (local $second i32) (local $third i32) (local $score f64)
    (local $slacks v128) (local $bars v128) (local $scale v128) (local $x v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $slacks (f64x2.splat (local.get $slack)))
    (local.set $bars (f64x2.splat (local.get $bar)))
    (local.set $second (i32.shl (local.get $narrow) (i32.const 1)))
    (local.set $third (i32.add (local.get $second) (local.get $narrow)))
    (block $done
      (loop $groups
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $a (v128.const i32x4 0 0 0 0))
        (local.set $b (v128.const i32x4 0 0 0 0))
        (local.set $c (v128.const i32x4 0 0 0 0))
        (local.set $d (v128.const i32x4 0 0 0 0))
        (local.set $at (local.get $direction))
        (local.set $end (i32.add (local.get $codes) (local.get $narrow)))
        (loop $columns
          (local.set $x (v128.load (local.get $at)))
          (local.set $a
            (i32x4.add (local.get $a)
              (i32x4.dot_i16x8_s (local.get $x) (v128.load8x8_s (local.get $codes)))))
          (local.set $b
            (i32x4.add (local.get $b)
              (i32x4.dot_i16x8_s (local.get $x)
                (v128.load8x8_s (i32.add (local.get $codes) (local.get $narrow))))))
          (local.set $c
            (i32x4.add (local.get $c)
              (i32x4.dot_i16x8_s (local.get $x)
                (v128.load8x8_s (i32.add (local.get $codes) (local.get $second))))))
          (local.set $d
            (i32x4.add (local.get $d)
              (i32x4.dot_i16x8_s (local.get $x)
                (v128.load8x8_s (i32.add (local.get $codes) (local.get $third))))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (local.set $codes (i32.add (local.get $codes) (i32.const 8)))
          (br_if $columns (i32.lt_u (local.get $codes) (local.get $end))))
        ;; The sums of the four lanes of each, as one vector.
        (local.set $x
          (i32x4.add
            (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b))
            (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
              (local.get $a) (local.get $b))))
        (local.set $a
          (i32x4.add
            (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d))
            (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
              (local.get $c) (local.get $d))))
        (local.set $x
          (i32x4.add
            (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $x) (local.get $a))
            (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
              (local.get $x) (local.get $a))))
        (local.set $x
          (f32x4.mul (f32x4.convert_i32x4_s (local.get $x)) (v128.load (local.get $scales))))
        ;; The largest factor of the four is the first.
        (local.set $scale
          (f64x2.splat (f64.mul (f64.load (local.get $factors)) (local.get $longest))))
        (local.set $mask
          (i32.or
            (i64x2.bitmask
              (f64x2.gt
                (f64x2.mul (local.get $scale)
                  (f64x2.add (f64x2.promote_low_f32x4 (local.get $x)) (local.get $slacks)))
                (local.get $bars)))
            (i32.shl
              (i64x2.bitmask
                (f64x2.gt
                  (f64x2.mul (local.get $scale)
                    (f64x2.add
                      (f64x2.promote_low_f32x4
                        (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15
                          (local.get $x) (local.get $x)))
                      (local.get $slacks)))
                  (local.get $bars)))
              (i32.const 2))))
        (block $none
          (loop $hits
            (br_if $none (i32.eqz (local.get $mask)))
            (local.set $own (i32.ctz (local.get $mask)))
            (local.set $mask
              (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
            (local.set $score
              (f64.mul
                (f64.load
                  (i32.add (local.get $factors) (i32.shl (local.get $own) (i32.const 3))))
                (call $product
                  (local.get $query)
                  (i32.add (local.get $rows) (i32.mul (local.get $own) (local.get $width)))
                  (local.get $width))))
            (if (f64.gt (local.get $score) (local.get $bar))
              (then
                (i32.store
                  (i32.add (local.get $places) (i32.shl (local.get $found) (i32.const 2)))
                  (i32.add (local.get $place) (local.get $own)))
                (f64.store
                  (i32.add (local.get $scores) (i32.shl (local.get $found) (i32.const 3)))
                  (local.get $score))
                (local.set $found (i32.add (local.get $found) (i32.const 1)))))
            (br $hits)))
        ;; Behind the first of the four rows already.
        (local.set $codes (i32.add (local.get $codes) (local.get $third)))
        (local.set $rows (i32.add (local.get $rows) (i32.shl (local.get $width) (i32.const 2))))
        (local.set $scales (i32.add (local.get $scales) (i32.const 16)))
        (local.set $factors (i32.add (local.get $factors) (i32.const 32)))
        (local.set $place (i32.add (local.get $place) (i32.const 4)))
        (local.set $count (i32.sub (local.get $count) (i32.const 4)))
        (br $groups)))
    (local.get $found)))
