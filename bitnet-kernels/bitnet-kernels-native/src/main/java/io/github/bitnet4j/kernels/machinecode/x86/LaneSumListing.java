package io.github.bitnet4j.kernels.machinecode.x86;

import static io.github.bitnet4j.kernels.machinecode.x86.VectorOp.*;

import io.github.bitnet4j.spi.Int8Matrix;

/**
 * Lane sums of four rows of a matrix times some float rows.
 *
 * <p>With 512 bits a register holds the 16 accumulators of a lane sum. With 256 bits there are not
 * registers enough for a tile: accumulators 0 to 7 go over all columns first, then 8 to 15.
 *
 * <p>Arguments: a the matrix; b the rows of x; c the results; d the numbers of the four rows of
 * each group, if rows are not {@link Weights#INT8}; the number of groups of four rows and, in the
 * upper half, columns (a multiple of 16); bytes from a row (of int8: a group) of the matrix to the
 * next, bytes from a row of x to the next, bytes from the results of a row of x to the next.
 */
final class LaneSumListing extends Listing {
  /** How weights are stored. */
  enum Weights {
    F32(4),
    F16(2),
    BF16(2),
    /** An {@link Int8Matrix}; columns are those of whole lines. */
    INT8(1);

    private final int size;

    Weights(int size) {
      this.size = size;
    }
  }

  private static final int ROWS = 4;
  private static final int LANES = 16;

  private static final Gp GROUPS = P0;
  private static final Gp ROW_BYTES = P1;
  private static final Gp X_BYTES = P2;
  private static final Gp OUT_BYTES = P3;
  private static final Gp COLUMNS = P4;
  private static final Gp COLUMN = Gp.RBX;
  private static final Gp X = Gp.RBP;

  /** Pointers to the rows; of int8 the first only. */
  private static final Gp[] ROW = {Gp.R12, Gp.R13, Gp.R14, Gp.R15};

  /** Where accumulators 0 to 7 wait, on the stack. */
  private static final int SUMS = 16;

  private final Weights weights;
  private final int tokens;

  private LaneSumListing(Level level, Weights weights, int tokens) {
    super(level);
    this.weights = weights;
    this.tokens = tokens;
  }

  /** Returns the most rows of x that one kernel multiplies at once. */
  static int maxTokens(Level level) {
    return level.bits() == 512 ? 4 : 2;
  }

  /** Returns the code for a number of rows of x, at most {@link #maxTokens}. */
  static byte[] assemble(Level level, Weights weights, int tokens) {
    return new LaneSumListing(level, weights, tokens).assemble();
  }

  private byte[] assemble() {
    int stack = SUMS + (halves > 1 ? ROWS * tokens * bytes : 0);
    prologue(stack);
    asm.mov(COLUMNS, GROUPS);
    asm.shr(COLUMNS, 32);
    asm.mov32(GROUPS, GROUPS);
    X86Assembler.Label group = new X86Assembler.Label();
    X86Assembler.Label done = new X86Assembler.Label();
    asm.bind(group);
    asm.cmp(GROUPS, 0);
    asm.jump(X86Assembler.Condition.EQUAL, done);
    asm.sub(GROUPS, 1);
    if (weights != Weights.INT8) {
      rowPointers();
    }
    for (int half = 0; half < halves; half++) {
      if (weights == Weights.INT8) {
        asm.mov(ROW[0], A);
      }
      products(half);
    }
    if (weights == Weights.INT8) {
      asm.add(A, ROW_BYTES);
    }
    store();
    asm.jump(group);
    asm.bind(done);
    return epilogue(stack);
  }

  private void rowPointers() {
    for (int row = 0; row < ROWS; row++) {
      asm.movsxd(ROW[row], Mem.at(D, row * Integer.BYTES));
      asm.imul(ROW[row], ROW_BYTES);
      asm.add(ROW[row], A);
    }
    asm.add(D, ROWS * Integer.BYTES);
  }

  private Vec sum(int row, int token) {
    return v(row * tokens + token);
  }

  private Vec weight() {
    return v(level.registers() - 1);
  }

  private Vec x(int token) {
    return v(level.registers() - 2 - token);
  }

  private void products(int half) {
    for (int i = 0; i < ROWS * tokens; i++) {
      zero(v(i));
    }
    loopBelow(COLUMN, COLUMNS, weights == Weights.INT8 ? Int8Matrix.LINE : LANES, () -> step(half));
    if (halves == 1) {
      return;
    }
    for (int i = 0; i < ROWS * tokens; i++) {
      Mem slot = Mem.at(Gp.RSP, SUMS + i * bytes);
      if (half == 0) {
        asm.vector(VMOVUPS_STORE, v(i), slot);
      } else { // accumulator j takes in j + 8
        asm.vector(VADDPS, v(i), v(i), slot);
      }
    }
  }

  private void step(int half) {
    int columns = weights == Weights.INT8 ? Int8Matrix.LINE : LANES;
    for (int column = half * bytes / Float.BYTES; column < columns; column += LANES) {
      asm.lea(X, Mem.at(B, COLUMN, Float.BYTES, column * Float.BYTES));
      for (int t = 0; t < tokens; t++) {
        asm.vector(VMOVUPS, x(t), Mem.at(X));
        if (t < tokens - 1) {
          asm.add(X, X_BYTES);
        }
      }
      for (int row = 0; row < ROWS; row++) {
        load(row, column);
        for (int t = 0; t < tokens; t++) {
          asm.vector(VFMADD231PS, sum(row, t), weight(), x(t));
        }
      }
    }
    if (weights == Weights.INT8) { // lines of the four rows follow one another
      asm.add(ROW[0], Int8Matrix.LINE * Int8Matrix.GROUP);
    }
  }

  private void load(int row, int column) {
    Vec w = weight();
    switch (weights) {
      case INT8 -> {
        asm.vector(VPMOVSXBD, w, Mem.at(ROW[0], row * Int8Matrix.LINE + column));
        asm.vector(VCVTDQ2PS, w, w);
      }
      case F32 -> asm.vector(VMOVUPS, w, place(row, column));
      case F16 -> asm.vector(VCVTPH2PS, w, place(row, column));
      case BF16 -> {
        asm.vector(VPMOVZXWD, w, place(row, column));
        asm.vpslld(w, w, 16);
      }
    }
  }

  private Mem place(int row, int column) {
    return Mem.at(ROW[row], COLUMN, weights.size, column * weights.size);
  }

  private void store() {
    asm.mov(X, C);
    for (int t = 0; t < tokens; t++) {
      totals(
          sum(0, t).number(),
          sum(1, t).number(),
          sum(2, t).number(),
          sum(3, t).number(),
          level.registers() - 1);
      asm.vector(VMOVUPS_STORE, xmm(sum(0, t).number()), Mem.at(X));
      if (t < tokens - 1) {
        asm.add(X, OUT_BYTES);
      }
    }
    asm.add(C, ROWS * Float.BYTES);
  }
}
