;; Lower bounds on Ward's distance from one cluster to all others. row-kernel.ts says what for and has the same loops in
;; TypeScript. Positions are in bytes from the start of the memory, `width` is a multiple of 8, `count` of 2 and
;; above 0. After a change run `node services/_algorithms/assemble.ts` with this file.
(module
  (memory (export "memory") 1)

  ;; Four float32 at a time, two rows at a time.
  (func (export "boundLeaves")
    (param $query i32) (param $rows i32) (param $leafWeights i32) (param $count i32) (param $width i32)
    (param $relative f64) (param $absolute f64) (param $largest f64) (param $bounds i32)
    (local $end i32) (local $x i32) (local $xEnd i32) (local $y i32) (local $z i32)
    (local $yz v128) (local $y0 v128) (local $y1 v128) (local $z0 v128) (local $z1 v128) (local $t v128) (local $q v128)
    (local $squared v128)

    (local.set $end (i32.add (local.get $rows) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $xEnd (i32.add (local.get $query) (i32.shl (local.get $width) (i32.const 2))))
    (loop $twoRows
      (local.set $x (local.get $query))
      (local.set $y (i32.load (local.get $rows)))
      (local.set $z (i32.load offset=4 (local.get $rows)))
      (local.set $y0 (v128.const i64x2 0 0))
      (local.set $y1 (v128.const i64x2 0 0))
      (local.set $z0 (v128.const i64x2 0 0))
      (local.set $z1 (v128.const i64x2 0 0))
      (loop $eights
        (local.set $q (v128.load (local.get $x)))
        (local.set $t (f32x4.sub (local.get $q) (v128.load (local.get $y))))
        (local.set $y0 (f32x4.add (local.get $y0) (f32x4.mul (local.get $t) (local.get $t))))
        (local.set $t (f32x4.sub (local.get $q) (v128.load (local.get $z))))
        (local.set $z0 (f32x4.add (local.get $z0) (f32x4.mul (local.get $t) (local.get $t))))
        (local.set $q (v128.load offset=16 (local.get $x)))
        (local.set $t (f32x4.sub (local.get $q) (v128.load offset=16 (local.get $y))))
        (local.set $y1 (f32x4.add (local.get $y1) (f32x4.mul (local.get $t) (local.get $t))))
        (local.set $t (f32x4.sub (local.get $q) (v128.load offset=16 (local.get $z))))
        (local.set $z1 (f32x4.add (local.get $z1) (f32x4.mul (local.get $t) (local.get $t))))
        (local.set $y (i32.add (local.get $y) (i32.const 32)))
        (local.set $z (i32.add (local.get $z) (i32.const 32)))
        (local.set $x (i32.add (local.get $x) (i32.const 32)))
        (br_if $eights (i32.lt_u (local.get $x) (local.get $xEnd))))
      (local.set $y0 (f32x4.add (local.get $y0) (local.get $y1)))
      (local.set $z0 (f32x4.add (local.get $z0) (local.get $z1)))
      ;; y0 z0 y1 z1 + y2 z2 y3 z3, and then both halves of that.
      (local.set $yz (f32x4.add
        (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $y0) (local.get $z0))
        (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $y0) (local.get $z0))))
      (local.set $squared (f64x2.promote_low_f32x4 (f32x4.add (local.get $yz)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $yz) (local.get $yz)))))
      ;; 0 where the sum ran over or is not a number.
      (v128.store (local.get $bounds) (f64x2.mul (v128.load (local.get $leafWeights))
        (v128.and
          (f64x2.max (f64x2.splat (f64.const 0)) (f64x2.sub
            (f64x2.mul (local.get $squared) (f64x2.splat (local.get $relative))) (f64x2.splat (local.get $absolute))))
          (f64x2.lt (local.get $squared) (f64x2.splat (local.get $largest))))))
      (local.set $bounds (i32.add (local.get $bounds) (i32.const 16)))
      (local.set $leafWeights (i32.add (local.get $leafWeights) (i32.const 16)))
      (local.set $rows (i32.add (local.get $rows) (i32.const 8)))
      (br_if $twoRows (i32.lt_u (local.get $rows) (local.get $end)))))

  ;; Two float64 at a time but for the merges.
  (func (export "boundClusters")
    (param $bounds i32) (param $count i32) (param $kept i32) (param $gone i32) (param $merges i32)
    (param $weights i32) (param $spreads i32) (param $own f64) (param $slack f64) (result f64)
    (local $end i32) (local $at i32) (local $w v128) (local $t v128) (local $less v128) (local $more v128)
    (local $ones v128) (local $least v128) (local $infinity v128)

    (local.set $end (i32.add (local.get $kept) (i32.shl (local.get $merges) (i32.const 2))))
    (if (local.get $merges) (then
      (loop $each
        (local.set $at (i32.add (local.get $bounds) (i32.shl (i32.load (local.get $kept)) (i32.const 3))))
        (f64.store (local.get $at) (f64.add (f64.load (local.get $at))
          (f64.load (i32.add (local.get $bounds) (i32.shl (i32.load (local.get $gone)) (i32.const 3))))))
        (local.set $gone (i32.add (local.get $gone) (i32.const 4)))
        (local.set $kept (i32.add (local.get $kept) (i32.const 4)))
        (br_if $each (i32.lt_u (local.get $kept) (local.get $end))))))

    (local.set $less (f64x2.splat (f64.sub (f64.const 1) (local.get $slack))))
    (local.set $more (f64x2.splat (f64.add (f64.const 1) (local.get $slack))))
    (local.set $ones (f64x2.splat (local.get $own)))
    (local.set $infinity (f64x2.splat (f64.const inf)))
    (local.set $least (local.get $infinity))
    (local.set $end (i32.add (local.get $bounds) (i32.shl (local.get $count) (i32.const 3))))
    (loop $pairs
      (local.set $w (v128.load (local.get $weights)))
      (local.set $t (f64x2.max (f64x2.splat (f64.const 0)) (f64x2.sub
        (f64x2.mul (v128.load (local.get $bounds)) (local.get $less))
        (f64x2.mul (v128.load (local.get $spreads)) (local.get $more)))))
      (local.set $t (v128.bitselect
        (local.get $infinity)
        (f64x2.mul (local.get $t) (f64x2.div
          (f64x2.add (local.get $ones) (local.get $ones)) (f64x2.add (local.get $ones) (local.get $w))))
        (f64x2.eq (local.get $w) (f64x2.splat (f64.const 0)))))
      (v128.store (local.get $bounds) (local.get $t))
      (local.set $least (f64x2.pmin (local.get $least) (local.get $t)))
      (local.set $spreads (i32.add (local.get $spreads) (i32.const 16)))
      (local.set $weights (i32.add (local.get $weights) (i32.const 16)))
      (local.set $bounds (i32.add (local.get $bounds) (i32.const 16)))
      (br_if $pairs (i32.lt_u (local.get $bounds) (local.get $end))))
    (f64.min (f64x2.extract_lane 0 (local.get $least)) (f64x2.extract_lane 1 (local.get $least))))
)
