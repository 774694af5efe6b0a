package io.github.bitnet4j.kernels.machinecode.x86;

import static io.github.bitnet4j.kernels.machinecode.x86.VectorOp.*;

import io.github.bitnet4j.kernels.machinecode.x86.X86Assembler.Condition;
import io.github.bitnet4j.kernels.machinecode.x86.X86Assembler.Label;

/**
 * Ternary matrix times a few rows of int8, over the layout {@code ROW_QUARTERS} as it lies in a
 * file: one load brings a column step of four rows, which share each load of x.
 *
 * <p>Codes are trit + 1, so the sum of x is subtracted once for a row of x.
 *
 * <p>With {@code vpdpbusd} nothing is shifted: the codes at bits 0, 2 and 4 are masked where they
 * lie, the products of the whole byte are summed too, and the sums are shifted at the end. The sum
 * of the codes at bit 6 is what remains of the whole bytes' sum. Sums fit 32 bits for up to 65536
 * columns.
 *
 * <p>With {@code vpmaddubsw} codes are shifted down, since its 16-bit sums hold products with small
 * codes only: two of them reach 512, and 32 of those are added before they are widened.
 *
 * <p>Arguments: a the first packed row; b the rows of x, padded with zeros to a multiple of {@link
 * #PADDING}, without gaps; c the result for the first row of x; d the sum of each row of x; the
 * number of the first packed row and, in the upper half, one past the last; nothing; the number of
 * packed rows (a quarter of the rows, rounded up); columns; rows.
 */
final class TernaryListing extends Listing {
  /** Columns that rows of x are padded to. */
  static final int PADDING = 128;

  /** How far ahead of the products weights are asked from memory, in bytes. */
  private static final int AHEAD = 8192;

  /** Column steps whose 16-bit sums cannot overflow. */
  private static final int MAX_STEPS = 32;

  private static final Gp COLUMN = Gp.RBX;
  private static final Gp STRIDE = Gp.RBP;
  private static final Gp X = Gp.R12;
  private static final Gp STRIDE_3 = Gp.R13;
  private static final Gp STRIDE_5 = Gp.R14;
  private static final Gp OUT = Gp.R15;
  private static final Gp OUT_END = P1;

  /** Holds one past the last packed row. */
  private static final int END_SLOT = 0;

  /** Where 32-bit sums wait while 16-bit sums are made. */
  private static final int SUMS = 16;

  private final int tokens;
  private final boolean prefetch;

  private TernaryListing(Level level, int tokens, boolean prefetch) {
    super(level);
    this.tokens = tokens;
    this.prefetch = prefetch;
  }

  /** Returns the most rows of x that one kernel multiplies at once. */
  static int maxTokens(Level level) {
    return level.bits() == 512 ? 6 : 2;
  }

  /**
   * Returns the code.
   *
   * @param tokens number of rows of x, from 1 to {@link #maxTokens}
   * @param prefetch whether weights come from memory, not from a cache
   */
  static byte[] assemble(Level level, int tokens, boolean prefetch) {
    return new TernaryListing(level, tokens, prefetch).assemble();
  }

  private byte[] assemble() {
    int stack = SUMS + 4 * tokens * bytes;
    prologue(stack);
    constants();
    asm.lea(STRIDE, Mem.at(P3, PADDING - 1));
    asm.and(STRIDE, -PADDING);
    asm.lea(STRIDE_3, Mem.at(STRIDE, STRIDE, 2, 0));
    asm.lea(STRIDE_5, Mem.at(STRIDE, STRIDE, 4, 0));
    asm.mov(P1, P0);
    asm.shr(P1, 32);
    asm.mov32(P0, P0);
    asm.lea(C, Mem.at(C, P0, 4, 0));
    storeEnd();

    Label row = new Label();
    Label done = new Label();
    endInto(COLUMN);
    asm.cmp(P0, COLUMN);
    asm.jump(Condition.GREATER_OR_EQUAL, done);
    asm.bind(row);
    asm.mov(X, B);
    if (level.vnni()) {
      vnniRow();
    } else {
      pairsRow();
    }
    storeRow();
    asm.add(A, P3);
    asm.add(C, Integer.BYTES);
    asm.add(P0, 1);
    endInto(COLUMN);
    asm.cmp(P0, COLUMN);
    asm.jump(Condition.LESS, row);
    asm.bind(done);
    return epilogue(stack);
  }

  private void storeEnd() {
    asm.movStore64(Mem.at(Gp.RSP, END_SLOT), P1);
  }

  private void endInto(Gp register) {
    asm.mov(register, Mem.at(Gp.RSP, END_SLOT));
  }

  private int last() {
    return level.registers() - 1;
  }

  private void constants() {
    if (level.vnni()) {
      constant(v(last()), 0x03030303, COLUMN);
      constant(v(last() - 1), 0x0C0C0C0C, COLUMN);
      constant(v(last() - 2), 0x30303030, COLUMN);
    } else {
      constant(v(last()), 0x03030303, COLUMN);
      constant(v(last() - 1), 0x00010001, COLUMN);
    }
  }

  /** Returns the register of a sum: of the codes at bits 2 * part, of a row of x. */
  private static int sum(int token, int part) {
    return 4 * token + part;
  }

  private Mem x(int token, int offset) {
    return switch (token) {
      case 0 -> Mem.at(X, offset);
      case 1 -> Mem.at(X, STRIDE, 1, offset);
      case 2 -> Mem.at(X, STRIDE, 2, offset);
      case 3 -> Mem.at(X, STRIDE_3, 1, offset);
      case 4 -> Mem.at(X, STRIDE, 4, offset);
      case 5 -> Mem.at(X, STRIDE_5, 1, offset);
      default -> throw new IllegalArgumentException("token: expected at most 5, found " + token);
    };
  }

  private void vnniRow() {
    // A single row of x has sums to spare: two column steps then do not wait for each other.
    int steps = tokens == 1 ? 2 : 1;
    for (int i = 0; i < 4 * tokens * steps; i++) {
      zero(v(i));
    }
    loopBelow(
        COLUMN,
        P3,
        steps * bytes,
        () -> {
          for (int step = 0; step < steps; step++) {
            vnniStep(step * bytes, 4 * tokens * step);
          }
          asm.add(X, steps * bytes);
        });
    for (int part = 0; part < 4 && steps == 2; part++) {
      asm.vector(VPADDD, v(part), v(part), v(4 + part));
    }
    for (int t = 0; t < tokens; t++) {
      Vec rest = v(sum(t, 3));
      for (int part = 0; part < 3; part++) {
        asm.vector(VPSUBD, rest, rest, v(sum(t, part)));
      }
    }
  }

  private void vnniStep(int offset, int firstSum) {
    Vec codes = v(last() - 3);
    Vec x = v(last() - 7);
    if (prefetch) {
      asm.prefetch(Mem.at(A, COLUMN, 1, offset + AHEAD));
    }
    asm.vector(VMOVDQU, codes, Mem.at(A, COLUMN, 1, offset));
    for (int part = 0; part < 3; part++) {
      asm.vector(VPAND, v(last() - 4 - part), codes, v(last() - part));
    }
    for (int t = 0; t < tokens; t++) {
      asm.vector(VMOVDQU, x, x(t, offset));
      for (int part = 0; part < 3; part++) {
        asm.vector(VPDPBUSD, v(firstSum + sum(t, part)), v(last() - 4 - part), x);
      }
      asm.vector(VPDPBUSD, v(firstSum + sum(t, 3)), codes, x);
    }
  }

  private void pairsRow() {
    Vec zero = v(last() - 2);
    zero(zero);
    for (int i = 0; i < 4 * tokens; i++) {
      asm.vector(VMOVDQU_STORE, zero, sums(i));
    }
    asm.xor(COLUMN, COLUMN);
    Label block = new Label();
    Label steps = new Label();
    asm.bind(block);
    for (int i = 0; i < 4 * tokens; i++) {
      zero(v(i));
    }
    // The block ends after so many steps, or with the columns.
    asm.lea(OUT, Mem.at(COLUMN, MAX_STEPS * bytes));
    asm.cmp(OUT, P3);
    Label whole = new Label();
    asm.jump(Condition.LESS, whole);
    asm.mov(OUT, P3);
    asm.bind(whole);
    asm.bind(steps);
    pairsStep();
    asm.add(X, bytes);
    asm.add(COLUMN, bytes);
    asm.cmp(COLUMN, OUT);
    asm.jump(Condition.LESS, steps);
    for (int i = 0; i < 4 * tokens; i++) {
      asm.vector(VPMADDWD, v(i), v(i), v(last() - 1));
      asm.vector(VPADDD, v(i), v(i), sums(i));
      asm.vector(VMOVDQU_STORE, v(i), sums(i));
    }
    asm.cmp(COLUMN, P3);
    asm.jump(Condition.LESS, block);
  }

  private void pairsStep() {
    Vec packed = v(last() - 2);
    Vec codes = v(last() - 3);
    if (prefetch) {
      asm.prefetch(Mem.at(A, COLUMN, 1, AHEAD));
    }
    asm.vector(VMOVDQU, packed, Mem.at(A, COLUMN, 1, 0));
    for (int part = 0; part < 4; part++) {
      asm.vector(VPAND, codes, packed, v(last()));
      if (part < 3) {
        asm.vpsrlw(packed, packed, 2); // the bits that come over from the other byte are masked
      }
      for (int t = 0; t < tokens; t++) {
        Vec products = v(last() - 4 - t);
        asm.vector(VPMADDUBSW, products, codes, x(t, 0));
        asm.vector(VPADDW, v(sum(t, part)), v(sum(t, part)), products);
      }
    }
  }

  private Mem sums(int index) {
    return Mem.at(Gp.RSP, SUMS + index * bytes);
  }

  /** Stores the sums of a packed row: up to four rows of the result for each row of x. */
  private void storeRow() {
    asm.mov(OUT, C);
    // Rows of the result that follow one another are a quarter apart; those from `rows` on do not
    // exist. The first row of x ends at c + (rows - packed row) * 4.
    asm.mov(OUT_END, P4);
    asm.sub(OUT_END, P0);
    asm.lea(OUT_END, Mem.at(C, OUT_END, 4, 0));
    for (int t = 0; t < tokens; t++) {
      int s0 = sum(t, 0);
      int temporary = last() - 4;
      sumInts(s0, s0 + 1, s0 + 2, s0 + 3, temporary);
      if (level.vnni()) {
        asm.mov32(COLUMN, 0x06040200);
        asm.vmovd(xmm(temporary), COLUMN);
        asm.vector(VPMOVSXBD, xmm(temporary), xmm(temporary));
        asm.vector(VPSRAVD, xmm(s0), xmm(s0), xmm(temporary));
      }
      asm.vector(VPBROADCASTD, xmm(temporary), Mem.at(D, t * Integer.BYTES));
      asm.vector(VPSUBD, xmm(s0), xmm(s0), xmm(temporary));
      Label missing = new Label();
      asm.mov(COLUMN, OUT);
      for (int part = 0; part < 4; part++) {
        asm.cmp(COLUMN, OUT_END);
        asm.jump(Condition.ABOVE_OR_EQUAL, missing);
        asm.vector(VPEXTRD, xmm(s0), Mem.at(COLUMN), part);
        if (part < 3) {
          asm.lea(COLUMN, Mem.at(COLUMN, P2, 4, 0));
        }
      }
      asm.bind(missing);
      if (t < tokens - 1) {
        asm.lea(OUT, Mem.at(OUT, P4, 4, 0));
        asm.lea(OUT_END, Mem.at(OUT_END, P4, 4, 0));
      }
    }
  }
}
