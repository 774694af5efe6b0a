package io.github.bitnet4j.kernels.machinecode.x86;

import static io.github.bitnet4j.kernels.machinecode.x86.VectorOp.*;

import io.github.bitnet4j.spi.Int8Matrix;

/**
 * Groups of four rows of an {@link Int8Matrix} times one row of int8, over some lines of columns.
 *
 * <p>The row of x comes as shorts, the even columns of a line before the odd ones.
 *
 * <p>With {@code vpdpbusd}, 128 is added to each weight, which makes it unsigned; x is put together
 * as bytes, and 128 times its sum is subtracted at the end. With AVX2 alone weights are widened to
 * shorts, even and odd columns apart.
 *
 * <p>Arguments: a the first line of the first group; b x; c the results, four for each group; d
 * numbers of lines; the number of groups, how many lines count, bytes of a group.
 */
final class Int8Listing extends Listing {
  private static final Gp GROUPS = P0;
  private static final Gp LINES = P1;
  private static final Gp GROUP_BYTES = P2;
  private static final Gp LINE_INDEX = Gp.RBX;
  private static final Gp WEIGHTS = Gp.R12;
  private static final Gp X = Gp.R13;
  private static final Gp GROUP_INDEX = Gp.R14;

  /** Bytes of the even columns of a line of x. */
  private static final int X_HALF = Int8Matrix.LINE;

  private final Vec signs = v(15);
  private final Vec lowBytes = v(14);
  private final Vec sumOfX = v(4);

  private Int8Listing(Level level) {
    super(level);
  }

  /** Returns the code. */
  static byte[] assemble(Level level) {
    return new Int8Listing(level).assemble();
  }

  private byte[] assemble() {
    prologue(0);
    constant(signs, 0x80808080, LINE_INDEX);
    constant(lowBytes, 0x00FF00FF, LINE_INDEX);
    loopBelow(
        GROUP_INDEX,
        GROUPS,
        1,
        () -> {
          for (int i = 0; i < 5; i++) {
            zero(v(i));
          }
          loopBelow(LINE_INDEX, LINES, 1, this::line);
          if (level.vnni()) {
            for (int row = 0; row < Int8Matrix.GROUP; row++) {
              asm.vector(VPSUBD, v(row), v(row), sumOfX);
            }
          }
          sumInts(0, 1, 2, 3, 5);
          asm.vector(VMOVDQU_STORE, xmm(0), Mem.at(C));
          asm.add(C, Int8Matrix.GROUP * Integer.BYTES);
          asm.add(A, GROUP_BYTES);
        });
    return epilogue(0);
  }

  private void line() {
    asm.movsxd(X, Mem.at(D, LINE_INDEX, Integer.BYTES, 0));
    asm.mov(WEIGHTS, X);
    asm.shl(X, Integer.numberOfTrailingZeros(Int8Matrix.LINE * Short.BYTES));
    asm.add(X, B);
    asm.shl(WEIGHTS, Integer.numberOfTrailingZeros(Int8Matrix.LINE * Int8Matrix.GROUP));
    asm.add(WEIGHTS, A);
    for (int offset = 0; offset < Int8Matrix.LINE; offset += bytes) {
      Vec even = v(5);
      Vec odd = v(6);
      asm.vector(VMOVDQU, even, Mem.at(X, offset));
      asm.vector(VMOVDQU, odd, Mem.at(X, X_HALF + offset));
      if (level.vnni()) {
        asm.vector(VPAND, even, even, lowBytes);
        asm.vpsllw(odd, odd, 8);
        asm.vector(VPOR, even, even, odd);
        asm.vector(VPDPBUSD, sumOfX, signs, even);
      }
      for (int row = 0; row < Int8Matrix.GROUP; row++) {
        Mem weights = Mem.at(WEIGHTS, row * Int8Matrix.LINE + offset);
        if (level.vnni()) {
          asm.vector(VPXOR, v(7 + row), signs, weights);
          asm.vector(VPDPBUSD, v(row), v(7 + row), even);
        } else {
          widened(row, weights, even, odd);
        }
      }
    }
  }

  private void widened(int row, Mem weights, Vec even, Vec odd) {
    Vec w = v(7 + row % 2 * 2);
    Vec low = v(8 + row % 2 * 2);
    asm.vector(VMOVDQU, w, weights);
    asm.vpsllw(low, w, 8);
    asm.vpsraw(low, low, 8);
    asm.vpsraw(w, w, 8);
    asm.vector(VPMADDWD, low, low, even);
    asm.vector(VPMADDWD, w, w, odd);
    asm.vector(VPADDD, low, low, w);
    asm.vector(VPADDD, v(row), v(row), low);
  }
}
