;; The loops of Ward's clustering, two float64 at a time. ward-kernel.ts says what each does and has the same loops in
;; TypeScript, which give the same bits. Positions are counted in float64s from the start of the memory, `rows` is a
;; multiple of 4, `width` too. After a change run `node services/_algorithms/assemble.ts` with this file.
(module
  (memory (export "memory") 1)

  (func (export "fillDistances")
    (param $points i32) (param $weights i32) (param $distances i32) (param $rows i32) (param $width i32)
    (local $a0 i32) (local $b0 i32) (local $a i32) (local $aEnd i32)
    (local $x i32) (local $xEnd i32) (local $y0 i32) (local $y1 i32) (local $y2 i32) (local $y3 i32)
    (local $sum0 v128) (local $sum1 v128) (local $sum2 v128) (local $sum3 v128)
    (local $coordinates v128) (local $t v128) (local $aWeight v128) (local $bWeights v128)
    (local $rowBytes i32) (local $out i32)

    (local.set $points (i32.shl (local.get $points) (i32.const 3)))
    (local.set $weights (i32.shl (local.get $weights) (i32.const 3)))
    (local.set $distances (i32.shl (local.get $distances) (i32.const 3)))
    (local.set $width (i32.shl (local.get $width) (i32.const 3)))
    (local.set $rowBytes (i32.shl (local.get $rows) (i32.const 3)))

    ;; Tiles of 4 × 4 pairs keep both blocks of points in the first cache and fill whole lines of the mirrored half.
    (loop $aTiles
      (local.set $b0 (i32.const 0))
      (loop $bTiles
        (local.set $a (local.get $a0))
        (local.set $aEnd (i32.add (local.get $a0) (i32.const 4)))
        (loop $aRows
          (local.set $x (i32.add (local.get $points) (i32.mul (local.get $a) (local.get $width))))
          (local.set $xEnd (i32.add (local.get $x) (local.get $width)))
          (local.set $y0 (i32.add (local.get $points) (i32.mul (local.get $b0) (local.get $width))))
          (local.set $y1 (i32.add (local.get $y0) (local.get $width)))
          (local.set $y2 (i32.add (local.get $y1) (local.get $width)))
          (local.set $y3 (i32.add (local.get $y2) (local.get $width)))
          (local.set $sum0 (v128.const i64x2 0 0))
          (local.set $sum1 (v128.const i64x2 0 0))
          (local.set $sum2 (v128.const i64x2 0 0))
          (local.set $sum3 (v128.const i64x2 0 0))
          (loop $pairs
            (local.set $coordinates (v128.load (local.get $x)))
            (local.set $t (f64x2.sub (local.get $coordinates) (v128.load (local.get $y0))))
            (local.set $sum0 (f64x2.add (local.get $sum0) (f64x2.mul (local.get $t) (local.get $t))))
            (local.set $t (f64x2.sub (local.get $coordinates) (v128.load (local.get $y1))))
            (local.set $sum1 (f64x2.add (local.get $sum1) (f64x2.mul (local.get $t) (local.get $t))))
            (local.set $t (f64x2.sub (local.get $coordinates) (v128.load (local.get $y2))))
            (local.set $sum2 (f64x2.add (local.get $sum2) (f64x2.mul (local.get $t) (local.get $t))))
            (local.set $t (f64x2.sub (local.get $coordinates) (v128.load (local.get $y3))))
            (local.set $sum3 (f64x2.add (local.get $sum3) (f64x2.mul (local.get $t) (local.get $t))))
            (local.set $coordinates (v128.load offset=16 (local.get $x)))
            (local.set $t (f64x2.sub (local.get $coordinates) (v128.load offset=16 (local.get $y0))))
            (local.set $sum0 (f64x2.add (local.get $sum0) (f64x2.mul (local.get $t) (local.get $t))))
            (local.set $t (f64x2.sub (local.get $coordinates) (v128.load offset=16 (local.get $y1))))
            (local.set $sum1 (f64x2.add (local.get $sum1) (f64x2.mul (local.get $t) (local.get $t))))
            (local.set $t (f64x2.sub (local.get $coordinates) (v128.load offset=16 (local.get $y2))))
            (local.set $sum2 (f64x2.add (local.get $sum2) (f64x2.mul (local.get $t) (local.get $t))))
            (local.set $t (f64x2.sub (local.get $coordinates) (v128.load offset=16 (local.get $y3))))
            (local.set $sum3 (f64x2.add (local.get $sum3) (f64x2.mul (local.get $t) (local.get $t))))
            (local.set $y0 (i32.add (local.get $y0) (i32.const 32)))
            (local.set $y1 (i32.add (local.get $y1) (i32.const 32)))
            (local.set $y2 (i32.add (local.get $y2) (i32.const 32)))
            (local.set $y3 (i32.add (local.get $y3) (i32.const 32)))
            (local.set $x (i32.add (local.get $x) (i32.const 32)))
            (br_if $pairs (i32.lt_u (local.get $x) (local.get $xEnd))))

          ;; Even coordinates + odd coordinates, for two pairs of rows at once.
          (local.set $sum0 (f64x2.add
            (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $sum0) (local.get $sum1))
            (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $sum0) (local.get $sum1))))
          (local.set $sum2 (f64x2.add
            (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $sum2) (local.get $sum3))
            (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $sum2) (local.get $sum3))))

          ;; 2ab/(a + b)
          (local.set $aWeight
            (v128.load64_splat (i32.add (local.get $weights) (i32.shl (local.get $a) (i32.const 3)))))
          (local.set $out (i32.add (local.get $weights) (i32.shl (local.get $b0) (i32.const 3))))
          (local.set $bWeights (v128.load (local.get $out)))
          (local.set $t (f64x2.mul (local.get $aWeight) (local.get $bWeights)))
          (local.set $sum0 (f64x2.mul
            (f64x2.div
              (f64x2.add (local.get $t) (local.get $t)) (f64x2.add (local.get $aWeight) (local.get $bWeights)))
            (local.get $sum0)))
          (local.set $bWeights (v128.load offset=16 (local.get $out)))
          (local.set $t (f64x2.mul (local.get $aWeight) (local.get $bWeights)))
          (local.set $sum2 (f64x2.mul
            (f64x2.div
              (f64x2.add (local.get $t) (local.get $t)) (f64x2.add (local.get $aWeight) (local.get $bWeights)))
            (local.get $sum2)))

          ;; Row a.
          (local.set $out (i32.add (local.get $distances) (i32.add
            (i32.mul (local.get $a) (local.get $rowBytes)) (i32.shl (local.get $b0) (i32.const 3)))))
          (v128.store (local.get $out) (local.get $sum0))
          (v128.store offset=16 (local.get $out) (local.get $sum2))
          ;; Column a.
          (local.set $out (i32.add (local.get $distances) (i32.add
            (i32.mul (local.get $b0) (local.get $rowBytes)) (i32.shl (local.get $a) (i32.const 3)))))
          (v128.store64_lane 0 (local.get $out) (local.get $sum0))
          (local.set $out (i32.add (local.get $out) (local.get $rowBytes)))
          (v128.store64_lane 1 (local.get $out) (local.get $sum0))
          (local.set $out (i32.add (local.get $out) (local.get $rowBytes)))
          (v128.store64_lane 0 (local.get $out) (local.get $sum2))
          (local.set $out (i32.add (local.get $out) (local.get $rowBytes)))
          (v128.store64_lane 1 (local.get $out) (local.get $sum2))

          (local.set $a (i32.add (local.get $a) (i32.const 1)))
          (br_if $aRows (i32.lt_u (local.get $a) (local.get $aEnd))))
        (local.set $b0 (i32.add (local.get $b0) (i32.const 4)))
        (br_if $bTiles (i32.le_u (local.get $b0) (local.get $a0))))
      (local.set $a0 (i32.add (local.get $a0) (i32.const 4)))
      (br_if $aTiles (i32.lt_u (local.get $a0) (local.get $rows)))))

  (func (export "nearest")
    (param $row i32) (param $departed i32) (param $rows i32) (param $previous i32) (result i32)
    (local $position i32) (local $end i32) (local $offset i32) (local $least v128) (local $other v128) (local $minimum f64)

    (local.set $row (i32.shl (local.get $row) (i32.const 3)))
    (local.set $offset (i32.sub (i32.shl (local.get $departed) (i32.const 3)) (local.get $row)))
    (local.set $end (i32.add (local.get $row) (i32.shl (local.get $rows) (i32.const 3))))
    (local.set $least (v128.const f64x2 inf inf))
    (local.set $other (v128.const f64x2 inf inf))
    (local.set $position (local.get $row))
    (loop $quads
      (local.set $least (f64x2.pmin (local.get $least) (f64x2.add
        (v128.load (local.get $position))
        (v128.load (i32.add (local.get $position) (local.get $offset))))))
      (local.set $other (f64x2.pmin (local.get $other) (f64x2.add
        (v128.load offset=16 (local.get $position))
        (v128.load offset=16 (i32.add (local.get $position) (local.get $offset))))))
      (local.set $position (i32.add (local.get $position) (i32.const 32)))
      (br_if $quads (i32.lt_u (local.get $position) (local.get $end))))
    (local.set $least (f64x2.pmin (local.get $least) (local.get $other)))
    (local.set $minimum
      (f64.min (f64x2.extract_lane 0 (local.get $least)) (f64x2.extract_lane 1 (local.get $least))))

    (if (f64.eq (local.get $minimum) (f64.const inf)) (then (return (i32.const -1))))
    (if (i32.ge_s (local.get $previous) (i32.const 0)) (then
      (if (f64.eq (local.get $minimum)
            (f64.load (i32.add (local.get $row) (i32.shl (local.get $previous) (i32.const 3)))))
        (then (return (local.get $previous))))))

    ;; The first of the pairs that holds the minimum, then its first lane that does.
    (local.set $least (f64x2.splat (local.get $minimum)))
    (local.set $position (local.get $row))
    (block $found
      (loop $pairs
        (br_if $found (v128.any_true (f64x2.eq (local.get $least) (f64x2.add
          (v128.load (local.get $position))
          (v128.load (i32.add (local.get $position) (local.get $offset)))))))
        (local.set $position (i32.add (local.get $position) (i32.const 16)))
        (br $pairs)))
    (i32.add
      (i32.shr_u (i32.sub (local.get $position) (local.get $row)) (i32.const 3))
      (f64.ne (local.get $minimum) (f64.add
        (f64.load (local.get $position))
        (f64.load (i32.add (local.get $position) (local.get $offset)))))))

  (func (export "updateRow")
    (param $keptRow i32) (param $goneRow i32) (param $weights i32) (param $rows i32)
    (param $keptWeight f64) (param $goneWeight f64) (param $between f64)
    (local $end i32) (local $toKept v128) (local $toGone v128) (local $weight v128)
    (local $kept v128) (local $gone v128) (local $both v128) (local $apart v128)

    (local.set $keptRow (i32.shl (local.get $keptRow) (i32.const 3)))
    (local.set $goneRow (i32.shl (local.get $goneRow) (i32.const 3)))
    (local.set $weights (i32.shl (local.get $weights) (i32.const 3)))
    (local.set $end (i32.add (local.get $keptRow) (i32.shl (local.get $rows) (i32.const 3))))
    (local.set $kept (f64x2.splat (local.get $keptWeight)))
    (local.set $gone (f64x2.splat (local.get $goneWeight)))
    (local.set $both (f64x2.add (local.get $kept) (local.get $gone)))
    (local.set $apart (f64x2.splat (local.get $between)))
    (loop $pairs
      (local.set $toKept (v128.load (local.get $keptRow)))
      (local.set $toGone (v128.load (local.get $goneRow)))
      (local.set $weight (v128.load (local.get $weights)))
      (v128.store (local.get $keptRow)
        ;; In this order a quotient that underflows to −0 gives way to +0, as Math.max has it.
        (f64x2.pmax
          (f64x2.pmin (local.get $toKept) (local.get $toGone))
          (f64x2.div
            (f64x2.sub
              (f64x2.add
                (f64x2.mul (f64x2.add (local.get $kept) (local.get $weight)) (local.get $toKept))
                (f64x2.mul (f64x2.add (local.get $gone) (local.get $weight)) (local.get $toGone)))
              (f64x2.mul (local.get $weight) (local.get $apart)))
            (f64x2.add (local.get $both) (local.get $weight)))))
      (local.set $goneRow (i32.add (local.get $goneRow) (i32.const 16)))
      (local.set $weights (i32.add (local.get $weights) (i32.const 16)))
      (local.set $keptRow (i32.add (local.get $keptRow) (i32.const 16)))
      (br_if $pairs (i32.lt_u (local.get $keptRow) (local.get $end)))))
)
