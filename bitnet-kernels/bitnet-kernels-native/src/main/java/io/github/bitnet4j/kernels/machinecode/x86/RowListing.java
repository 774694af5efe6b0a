package io.github.bitnet4j.kernels.machinecode.x86;

import static io.github.bitnet4j.kernels.machinecode.x86.VectorOp.*;

import io.github.bitnet4j.spi.FloatMath;

/** Loops over one row of floats, whose length is a multiple of 16, the lanes of a lane sum. */
final class RowListing extends Listing {
  private static final Gp I = Gp.RBX;
  private static final Gp COUNT = P0;

  private static final int LOG2_E = 0;
  private static final int ROUND = 1;
  private static final int LN2_HI = 2;
  private static final int LN2_LO = 3;
  private static final int EXP_MIN = 4;
  private static final int ONE = 5;

  /** The first of six coefficients. */
  private static final int P_0 = 6;

  /** At the indices above. */
  private static final float[] EXP_CONSTANTS = {
    FloatMath.LOG2_E,
    FloatMath.ROUND,
    FloatMath.LN2_HI,
    FloatMath.LN2_LO,
    FloatMath.EXP_MIN,
    1,
    FloatMath.P0,
    FloatMath.P1,
    FloatMath.P2,
    FloatMath.P3,
    FloatMath.P4,
    FloatMath.P5
  };

  private RowListing(Level level) {
    super(level);
  }

  /** Returns code for the bits of the largest magnitude: a x; the length. */
  static byte[] absMax(Level level) {
    RowListing list = new RowListing(level);
    list.prologue(0);
    list.constant(list.v(1), 0x7FFFFFFF, I);
    list.zero(list.v(0));
    list.loopBelow(
        I,
        COUNT,
        list.bytes / Float.BYTES,
        () -> {
          // Floats without a sign sort like their bits, infinity and then NaN last.
          list.asm.vector(VPAND, list.v(2), list.v(1), Mem.at(A, I, Float.BYTES, 0));
          list.asm.vector(VPMAXSD, list.v(0), list.v(0), list.v(2));
        });
    list.foldToOne(VPMAXSD, 0, 1);
    list.asm.vmovd(Gp.RAX, xmm(0));
    return list.epilogue(0);
  }

  /** Returns code that stores rounded products: a x; c int8; the length, the factor's bits. */
  static byte[] round(Level level) {
    RowListing list = new RowListing(level);
    list.prologue(0);
    list.broadcast(list.v(7), P1);
    list.loopBelow(I, COUNT, 16, list::roundStep);
    return list.epilogue(0);
  }

  private void roundStep() {
    for (int half = 0; half < halves; half++) {
      asm.vector(VMULPS, v(half), v(7), Mem.at(A, I, Float.BYTES, half * bytes));
      asm.vector(VCVTPS2DQ, v(half), v(half));
    }
    Mem to = Mem.at(C, I, 1, 0);
    if (halves == 1) {
      asm.vector(VPMOVDB, v(0), to);
      return;
    }
    asm.vector(VPACKSSDW, v(0), v(0), v(1)); // in each half of the register four of each
    asm.vector(VPERMQ_IMM, v(0), v(0), 0xD8);
    asm.vector(VEXTRACTI128, v(0), xmm(1), 1);
    asm.vector(VPACKSSWB, xmm(0), xmm(0), xmm(1));
    asm.vector(VMOVDQU_STORE, xmm(0), to);
  }

  /** Returns code for the bits of the lane sum of squares: a x; the length. */
  static byte[] sumOfSquares(Level level) {
    RowListing list = new RowListing(level);
    list.prologue(0);
    for (int half = 0; half < list.halves; half++) {
      list.zero(list.v(half));
    }
    list.loopBelow(
        I,
        COUNT,
        16,
        () -> {
          for (int half = 0; half < list.halves; half++) {
            list.asm.vector(
                VMOVUPS, list.v(4 + half), Mem.at(A, I, Float.BYTES, half * list.bytes));
            list.asm.vector(VFMADD231PS, list.v(half), list.v(4 + half), list.v(4 + half));
          }
        });
    list.total(0);
    list.asm.vmovd(Gp.RAX, xmm(0));
    return list.epilogue(0);
  }

  /** Returns code for {@code c[i] = b[i] * (a[i] * r)}: a, b, c; the length, the bits of r. */
  static byte[] scale(Level level) {
    RowListing list = new RowListing(level);
    list.prologue(0);
    list.broadcast(list.v(7), P1);
    list.loopBelow(
        I,
        COUNT,
        list.bytes / Float.BYTES,
        () -> {
          list.asm.vector(VMULPS, list.v(0), list.v(7), Mem.at(A, I, Float.BYTES, 0));
          list.asm.vector(VMULPS, list.v(0), list.v(0), Mem.at(B, I, Float.BYTES, 0));
          list.asm.vector(VMOVUPS_STORE, list.v(0), Mem.at(C, I, Float.BYTES, 0));
        });
    return list.epilogue(0);
  }

  /** Returns code that copies int8 and returns their sum: a x; c the copy; the length. */
  static byte[] copyAndSum(Level level) {
    RowListing list = new RowListing(level);
    list.prologue(0);
    list.zero(list.v(0));
    list.loopBelow(
        I,
        COUNT,
        16,
        () -> {
          list.asm.vector(VMOVDQU, xmm(1), Mem.at(A, I, 1, 0));
          list.asm.vector(VMOVDQU_STORE, xmm(1), Mem.at(C, I, 1, 0));
          for (int half = 0; half < list.halves; half++) {
            list.asm.vector(VPMOVSXBD, list.v(2), Mem.at(A, I, 1, half * list.bytes / 4));
            list.asm.vector(VPADDD, list.v(0), list.v(0), list.v(2));
          }
        });
    list.foldToOne(VPADDD, 0, 1);
    list.asm.vmovd(Gp.RAX, xmm(0));
    return list.epilogue(0);
  }

  /** Returns code for the softmax of a row in place: a x; the length, the bits of the scale. */
  static byte[] softmax(Level level) {
    RowListing list = new RowListing(level);
    int stack = EXP_CONSTANTS.length * Float.BYTES;
    list.prologue(stack);
    for (int i = 0; i < EXP_CONSTANTS.length; i++) {
      list.asm.mov32(I, Float.floatToRawIntBits(EXP_CONSTANTS[i]));
      list.asm.movStore32(Mem.at(Gp.RSP, i * Float.BYTES), I);
    }
    list.scaleAndMax();
    list.exponentials();
    list.divide();
    return list.epilogue(stack);
  }

  /** Copies a constant of the exponential into all lanes, from the stack. */
  private Vec constant(int register, int index) {
    asm.vector(VBROADCASTSS, v(register), Mem.at(Gp.RSP, index * Float.BYTES));
    return v(register);
  }

  private Mem row(int half) {
    return Mem.at(A, I, Float.BYTES, half * bytes);
  }

  private void scaleAndMax() {
    broadcast(v(7), P1);
    constant(v(0), Float.floatToRawIntBits(Float.NEGATIVE_INFINITY), I);
    loopBelow(
        I,
        COUNT,
        bytes / Float.BYTES,
        () -> {
          asm.vector(VMULPS, v(1), v(7), row(0));
          asm.vector(VMOVUPS_STORE, v(1), row(0));
          asm.vector(VMAXPS, v(0), v(0), v(1));
        });
    foldToOne(VMAXPS, 0, 1);
    asm.vector(VPBROADCASTD, v(7), xmm(0));
  }

  /** Replaces x by exp(x - max), as {@link FloatMath#exp} does, and adds up the lane sum. */
  private void exponentials() {
    for (int half = 0; half < halves; half++) {
      zero(v(half));
    }
    loopBelow(
        I,
        COUNT,
        16,
        () -> {
          for (int half = 0; half < halves; half++) {
            exponential(half);
            asm.vector(VADDPS, v(half), v(half), v(5));
            asm.vector(VMOVUPS_STORE, v(5), row(half));
          }
        });
  }

  private void exponential(int half) {
    Vec x = v(2);
    Vec shifted = v(3);
    Vec n = v(4);
    Vec p = v(5);
    Vec belowMin = v(6);
    asm.vector(VMOVUPS, x, row(half));
    asm.vector(VSUBPS, x, x, v(7));
    asm.vector(VMULPS, shifted, x, constant(8, LOG2_E));
    asm.vector(VADDPS, shifted, shifted, constant(9, ROUND));
    asm.vector(VSUBPS, n, shifted, v(9));
    asm.vector(VSUBPS, belowMin, x, constant(8, EXP_MIN)); // negative below the least one
    asm.vector(VFNMADD231PS, x, n, constant(8, LN2_HI)); // x becomes r
    asm.vector(VFNMADD231PS, x, n, constant(8, LN2_LO));
    constant(p.number(), P_0);
    for (int i = 1; i <= 5; i++) {
      asm.vector(VFMADD213PS, p, x, constant(8, P_0 + i)); // p = p * r + coefficient
    }
    asm.vector(VMULPS, n, x, x);
    asm.vector(VFMADD213PS, p, n, x);
    asm.vector(VADDPS, p, p, constant(8, ONE));
    asm.vpslld(shifted, shifted, 23); // the low bits of shifted are n; the others leave at the top
    asm.vector(VPADDD, p, p, shifted);
    asm.vpsrad(belowMin, belowMin, 31);
    asm.vector(VPANDN, p, belowMin, p);
  }

  private void divide() {
    total(0);
    asm.vector(VPBROADCASTD, v(7), xmm(0));
    loopBelow(
        I,
        COUNT,
        bytes / Float.BYTES,
        () -> {
          asm.vector(VMOVUPS, v(1), row(0));
          asm.vector(VDIVPS, v(1), v(1), v(7));
          asm.vector(VMOVUPS_STORE, v(1), row(0));
        });
  }

  /** Adds the accumulators of a lane sum in the order of the contract; the total is lane 0. */
  private void total(int register) {
    if (halves == 2) {
      asm.vector(VADDPS, v(register), v(register), v(register + 1));
    }
    fold(register, 6);
    combine(VADDPS, register, 6);
  }

  /** Combines all lanes in any order; the result is lane 0. */
  private void foldToOne(VectorOp op, int register, int temporary) {
    if (level.bits() == 512) {
      asm.vector(VEXTRACTI64X4, v(register), ymm(temporary), 1);
      asm.vector(op, ymm(register), ymm(register), ymm(temporary));
    }
    asm.vector(VEXTRACTI128, ymm(register), xmm(temporary), 1);
    asm.vector(op, xmm(register), xmm(register), xmm(temporary));
    combine(op, register, temporary);
  }

  /** Combines lane j with j + 2, then with j + 1. */
  private void combine(VectorOp op, int register, int temporary) {
    asm.vector(VPSHUFD, xmm(temporary), xmm(register), 0x4E);
    asm.vector(op, xmm(register), xmm(register), xmm(temporary));
    asm.vector(VPSHUFD, xmm(temporary), xmm(register), 0xB1);
    asm.vector(op, xmm(register), xmm(register), xmm(temporary));
  }
}
