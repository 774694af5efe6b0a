package io.github.bitnet4j.kernels.machinecode.x86;

import static io.github.bitnet4j.kernels.machinecode.x86.VectorOp.*;

/**
 * Products of float rows with a panel of 32 cached keys or values: {@code out[r][j] = fma(x[r][i],
 * panel[i][j], out[r][j])} for i ascending.
 *
 * <p>Arguments: a the first row of x; b the panel; c the first row of the result; d unused; the
 * number of terms, bytes from a row of x to the next, bytes from a row of the result to the next.
 */
final class PanelListing extends Listing {
  private static final int PANEL = 32;

  private static final Gp LENGTH = P0;
  private static final Gp X_BYTES = P1;
  private static final Gp OUT_BYTES = P2;
  private static final Gp TERM = Gp.RBX;
  private static final Gp X = Gp.RBP;
  private static final Gp OUT = Gp.R12;

  private final int rows;
  private final boolean half;

  /** Registers of a row of the panel. */
  private final int parts;

  private PanelListing(Level level, int rows, boolean half) {
    super(level);
    this.rows = rows;
    this.half = half;
    parts = PANEL * Float.BYTES / bytes;
  }

  /** Returns the most rows that one kernel multiplies at once. */
  static int maxRows(Level level) {
    return level.bits() == 512 ? 8 : 2;
  }

  /**
   * Returns the code.
   *
   * @param rows number of rows of x, at most {@link #maxRows}
   * @param half whether the panel has half floats, in the order 0, 16, 1, 17 and so on
   */
  static byte[] assemble(Level level, int rows, boolean half) {
    return new PanelListing(level, rows, half).assemble();
  }

  private Vec sum(int row, int part) {
    return v(row * parts + part);
  }

  private Vec panel(int part) {
    return v(rows * parts + part);
  }

  private Vec factor() {
    return v(rows * parts + parts);
  }

  private byte[] assemble() {
    prologue(0);
    if (half) {
      constant(v(level.registers() - 1), 0x8FFFE000, TERM);
      constant(v(level.registers() - 2), Float.floatToRawIntBits(0x1p112f), TERM);
    }
    moveOut(true);
    loopBelow(TERM, LENGTH, 1, this::term);
    moveOut(false);
    return epilogue(0);
  }

  private void moveOut(boolean load) {
    asm.mov(OUT, C);
    for (int row = 0; row < rows; row++) {
      for (int part = 0; part < parts; part++) {
        asm.vector(load ? VMOVUPS : VMOVUPS_STORE, sum(row, part), Mem.at(OUT, part * bytes));
      }
      asm.add(OUT, OUT_BYTES);
    }
  }

  private void term() {
    if (half) {
      loadHalves();
    } else {
      for (int part = 0; part < parts; part++) {
        asm.vector(VMOVUPS, panel(part), Mem.at(B, part * bytes));
      }
    }
    asm.add(B, half ? PANEL * Short.BYTES : PANEL * Float.BYTES);
    asm.lea(X, Mem.at(A, TERM, Float.BYTES, 0));
    for (int row = 0; row < rows; row++) {
      asm.vector(VBROADCASTSS, factor(), Mem.at(X));
      for (int part = 0; part < parts; part++) {
        asm.vector(VFMADD231PS, sum(row, part), factor(), panel(part));
      }
      if (row < rows - 1) {
        asm.add(X, X_BYTES);
      }
    }
  }

  /**
   * Lanes of 32 bits hold columns j and 16 + j. A half float whose exponent and mantissa are moved
   * to the places of a float is its value times 2^-112; undoing that is exact.
   */
  private void loadHalves() {
    Vec mask = v(level.registers() - 1);
    Vec factor = v(level.registers() - 2);
    int lower = parts / 2;
    for (int part = 0; part < lower; part++) {
      Vec high = panel(lower + part);
      asm.vector(VMOVUPS, high, Mem.at(B, part * bytes));
      asm.vpslld(panel(part), high, 16);
    }
    for (int part = 0; part < parts; part++) {
      asm.vpsrad(panel(part), panel(part), 3);
      asm.vector(VPAND, panel(part), panel(part), mask);
      asm.vector(VMULPS, panel(part), panel(part), factor);
    }
  }
}
