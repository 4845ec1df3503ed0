;; The lists of the best rows under many weight vectors, 16 vectors at a time in eight registers. ranking-kernel.ts says what it does
;; and has the same loops in TypeScript, which give the same bits. Positions are bytes from the start of the memory; `width` is a
;; row's bytes, `stride` those of one column of the weights, a multiple of 128. After a change run
;; `node services/_algorithms/assemble.ts` with this file.
(module
  (memory (export "memory") 1)

  ;; Inserts a row into a list, behind all entries whose score is at least its own, and drops the last entry.
  (func $insert
    (param $score f64) (param $row i32) (param $scores i32) (param $ids i32) (param $size i32)
    (local $slot i32)
    (local.set $slot (i32.sub (local.get $size) (i32.const 1)))
    (local.set $scores (i32.add (local.get $scores) (i32.shl (local.get $slot) (i32.const 3))))
    (local.set $ids (i32.add (local.get $ids) (i32.shl (local.get $slot) (i32.const 2))))
    (block $found
      (loop $slots
        (br_if $found (i32.eqz (local.get $slot)))
        (br_if $found
          (f64.ge (f64.load (i32.sub (local.get $scores) (i32.const 8))) (local.get $score)))
        (f64.store (local.get $scores) (f64.load (i32.sub (local.get $scores) (i32.const 8))))
        (i32.store (local.get $ids) (i32.load (i32.sub (local.get $ids) (i32.const 4))))
        (local.set $scores (i32.sub (local.get $scores) (i32.const 8)))
        (local.set $ids (i32.sub (local.get $ids) (i32.const 4)))
        (local.set $slot (i32.sub (local.get $slot) (i32.const 1)))
        (br $slots)))
    (f64.store (local.get $scores) (local.get $score))
    (i32.store (local.get $ids) (local.get $row)))

  (func (export "rank")
    (param $values i32) (param $rows i32) (param $width i32) (param $weights i32) (param $stride i32)
    (param $bars i32) (param $scores i32) (param $ids i32) (param $size i32) (param $scratch i32)
    (local $row i32) (local $at i32) (local $end i32) (local $block i32) (local $w i32) (local $bar i32)
    (local $lane i32) (local $list i32) (local $score f64) (local $x v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128) (local $s4 v128) (local $s5 v128) (local $s6 v128) (local $s7 v128)
    (block $done
      (loop $each
        (br_if $done (i32.eq (local.get $row) (local.get $rows)))
        (local.set $end (i32.add (local.get $values) (local.get $width)))
        (local.set $block (i32.const 0))
        (loop $blocks
          (local.set $s0 (v128.const f64x2 0 0))
          (local.set $s1 (v128.const f64x2 0 0))
          (local.set $s2 (v128.const f64x2 0 0))
          (local.set $s3 (v128.const f64x2 0 0))
          (local.set $s4 (v128.const f64x2 0 0))
          (local.set $s5 (v128.const f64x2 0 0))
          (local.set $s6 (v128.const f64x2 0 0))
          (local.set $s7 (v128.const f64x2 0 0))
          (local.set $at (local.get $values))
          (local.set $w (i32.add (local.get $weights) (local.get $block)))
          (loop $columns
            (local.set $x (v128.load64_splat (local.get $at)))
            (local.set $s0 (f64x2.add (local.get $s0) (f64x2.mul (local.get $x) (v128.load (local.get $w)))))
            (local.set $s1 (f64x2.add (local.get $s1) (f64x2.mul (local.get $x) (v128.load offset=16 (local.get $w)))))
            (local.set $s2 (f64x2.add (local.get $s2) (f64x2.mul (local.get $x) (v128.load offset=32 (local.get $w)))))
            (local.set $s3 (f64x2.add (local.get $s3) (f64x2.mul (local.get $x) (v128.load offset=48 (local.get $w)))))
            (local.set $s4 (f64x2.add (local.get $s4) (f64x2.mul (local.get $x) (v128.load offset=64 (local.get $w)))))
            (local.set $s5 (f64x2.add (local.get $s5) (f64x2.mul (local.get $x) (v128.load offset=80 (local.get $w)))))
            (local.set $s6 (f64x2.add (local.get $s6) (f64x2.mul (local.get $x) (v128.load offset=96 (local.get $w)))))
            (local.set $s7 (f64x2.add (local.get $s7) (f64x2.mul (local.get $x) (v128.load offset=112 (local.get $w)))))
            (local.set $w (i32.add (local.get $w) (local.get $stride)))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $columns (i32.lt_u (local.get $at) (local.get $end))))
          (local.set $bar (i32.add (local.get $bars) (local.get $block)))
          (if (v128.any_true
                (v128.or
                  (v128.or
                    (v128.or
                      (f64x2.gt (local.get $s0) (v128.load (local.get $bar)))
                      (f64x2.gt (local.get $s1) (v128.load offset=16 (local.get $bar))))
                    (v128.or
                      (f64x2.gt (local.get $s2) (v128.load offset=32 (local.get $bar)))
                      (f64x2.gt (local.get $s3) (v128.load offset=48 (local.get $bar)))))
                  (v128.or
                    (v128.or
                      (f64x2.gt (local.get $s4) (v128.load offset=64 (local.get $bar)))
                      (f64x2.gt (local.get $s5) (v128.load offset=80 (local.get $bar))))
                    (v128.or
                      (f64x2.gt (local.get $s6) (v128.load offset=96 (local.get $bar)))
                      (f64x2.gt (local.get $s7) (v128.load offset=112 (local.get $bar)))))))
            (then
              (v128.store (local.get $scratch) (local.get $s0))
              (v128.store offset=16 (local.get $scratch) (local.get $s1))
              (v128.store offset=32 (local.get $scratch) (local.get $s2))
              (v128.store offset=48 (local.get $scratch) (local.get $s3))
              (v128.store offset=64 (local.get $scratch) (local.get $s4))
              (v128.store offset=80 (local.get $scratch) (local.get $s5))
              (v128.store offset=96 (local.get $scratch) (local.get $s6))
              (v128.store offset=112 (local.get $scratch) (local.get $s7))
              (local.set $lane (i32.const 0))
              (loop $lanes
                (local.set $score (f64.load (i32.add (local.get $scratch) (local.get $lane))))
                (if (f64.gt (local.get $score) (f64.load (i32.add (local.get $bar) (local.get $lane))))
                  (then
                    ;; The number of the list times the size of a list.
                    (local.set $list (i32.mul
                      (i32.shr_u (i32.add (local.get $block) (local.get $lane)) (i32.const 3))
                      (local.get $size)))
                    (call $insert
                      (local.get $score)
                      (local.get $row)
                      (i32.add (local.get $scores) (i32.shl (local.get $list) (i32.const 3)))
                      (i32.add (local.get $ids) (i32.shl (local.get $list) (i32.const 2)))
                      (local.get $size))
                    (f64.store
                      (i32.add (local.get $bar) (local.get $lane))
                      (f64.load (i32.sub
                        (i32.add
                          (local.get $scores)
                          (i32.shl (i32.add (local.get $list) (local.get $size)) (i32.const 3)))
                        (i32.const 8))))))
                (local.set $lane (i32.add (local.get $lane) (i32.const 8)))
                (br_if $lanes (i32.lt_u (local.get $lane) (i32.const 128))))))
          (local.set $block (i32.add (local.get $block) (i32.const 128)))
          (br_if $blocks (i32.lt_u (local.get $block) (local.get $stride))))
        (local.set $values (local.get $end))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $each)))))
