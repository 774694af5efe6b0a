package io.github.bitnet4j.kernels.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Ternary matrix times many int8 rows by combination tables, for packed rows as the file has them.
 *
 * <p>Rows of activations are lanes. For each four columns all 81 sums {@code t0 x0 + t1 x1 + t2 x2
 * + t3 x3} are computed once; then each row of the matrix costs one addition of a table entry for
 * four columns of all these rows of activations. Eight such groups of columns, a pass, share the
 * loads and stores of the 16-bit sums. The sums are moved to ints before they could leave 16 bits.
 *
 * <p>Scratch memory of one thread.
 */
final class CombinationProducts {
  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final VectorSpecies<Integer> INTS = Lanes.INTS;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Rows of activations that are computed together: the lanes of two registers. */
  static final int TOKENS = 2 * SHORTS.length();

  /** Fewest rows of activations for which the tables pay. */
  static final int MIN_TOKENS = TOKENS * 5 / 8;

  /** Bytes of one register, and of an entry of a table. */
  private static final int REGISTER = Lanes.BITS / 8;

  private static final int ENTRY = 2 * REGISTER;
  private static final int ENTRY_BITS = Integer.numberOfTrailingZeros(ENTRY);

  private static final int GROUP_COLUMNS = 4;
  private static final int GROUPS = 8;
  private static final int PASS_COLUMNS = GROUP_COLUMNS * GROUPS;
  private static final int COMBINATIONS = 81;

  /** Packed rows whose sums stay in the second-level cache. */
  private static final int BLOCK_UNITS = 512;

  /** Multiplying the four codes of a group with this leaves their index in the highest byte. */
  private static final int INDEX = 27 | 9 << 8 | 3 << 16 | 1 << 24;

  /** Where the table of each group starts. */
  private static final int[] TABLE_STARTS = tableStarts();

  private final MemorySegment tables =
      Arena.ofAuto().allocate((long) GROUPS * COMBINATIONS * ENTRY, ENTRY);

  /** 16-bit sums, {@code [rows of the block][TOKENS]}. */
  private final MemorySegment sums = Arena.ofAuto().allocate(4L * BLOCK_UNITS * ENTRY, ENTRY);

  /** Their totals so far. */
  private final int[] totals = new int[4 * BLOCK_UNITS * TOKENS];

  /** Where in the tables the four rows of a packed row look, {@code [4][GROUPS]}. */
  private final int[] places = new int[4 * GROUPS];

  /** The rows of activations, {@code [columns][TOKENS]}. */
  private short[] transposed = {};

  /** The largest magnitude that the sum over a pass can have, for each pass. */
  private int[] reach = {};

  private static int[] tableStarts() {
    int[] starts = new int[GROUPS];
    Arrays.setAll(starts, group -> group * COMBINATIONS * ENTRY);
    return starts;
  }

  /**
   * Multiplies at most {@link #TOKENS} rows of activations.
   *
   * @param xOffset where the first of them starts
   * @param outOffset where its products start
   */
  void multiply(
      VectorMatrix w,
      byte[] x,
      int xOffset,
      int tokens,
      int[] out,
      int outOffset,
      int fromUnit,
      int toUnit) {
    transpose(x, xOffset, tokens, w.columns());
    for (int from = fromUnit; from < toUnit; from += BLOCK_UNITS) {
      int to = Math.min(toUnit, from + BLOCK_UNITS);
      multiplyBlock(w, from, to);
      addTail(w, from, to);
      for (int unit = from; unit < to; unit++) {
        for (int j = 0, row = unit; j < 4 && row < w.rows(); j++, row += w.units()) {
          int total = (4 * (unit - from) + j) * TOKENS;
          for (int t = 0; t < tokens; t++) {
            out[outOffset + t * w.rows() + row] = totals[total + t];
          }
        }
      }
    }
  }

  private void transpose(byte[] x, int xOffset, int tokens, int columns) {
    int passes = columns / PASS_COLUMNS;
    if (transposed.length < columns * TOKENS) {
      transposed = new short[columns * TOKENS];
      reach = new int[passes];
    }
    Arrays.fill(transposed, 0, columns * TOKENS, (short) 0);
    Arrays.fill(reach, 0, passes, 0);
    for (int t = 0; t < tokens; t++) {
      int start = xOffset + t * columns;
      for (int c = 0; c < columns; c++) {
        transposed[c * TOKENS + t] = x[start + c];
      }
      for (int pass = 0; pass < passes; pass++) {
        int sum = 0;
        for (int c = 0; c < PASS_COLUMNS; c++) {
          sum += Math.abs(x[start + pass * PASS_COLUMNS + c]);
        }
        reach[pass] = Math.max(reach[pass], sum);
      }
    }
  }

  private void multiplyBlock(VectorMatrix w, int fromUnit, int toUnit) {
    int rows = 4 * (toUnit - fromUnit);
    Arrays.fill(totals, 0, rows * TOKENS, 0);
    sums.asSlice(0, (long) rows * ENTRY).fill((byte) 0);
    int reached = 0;
    for (int pass = 0; pass < w.columns() / PASS_COLUMNS; pass++) {
      if (reached + reach[pass] > Short.MAX_VALUE) {
        flush(sums, totals, rows);
        reached = 0;
      }
      reached += reach[pass];
      for (int group = 0; group < GROUPS; group++) {
        int column = pass * PASS_COLUMNS + group * GROUP_COLUMNS;
        fillTable(transposed, column * TOKENS, tables, TABLE_STARTS[group]);
      }
      long start = (long) fromUnit * w.columns() + (long) pass * PASS_COLUMNS;
      for (int unit = 0; unit < toUnit - fromUnit; unit++) {
        look(w.packed(), start + (long) unit * w.columns(), places);
        add(tables, places, sums, 4L * unit * ENTRY);
      }
    }
    flush(sums, totals, rows);
  }

  /** Computes the 81 sums of four columns from the nine of two and two. */
  private static void fillTable(short[] x, int offset, MemorySegment tables, int start) {
    int lanes = SHORTS.length();
    for (int half = 0; half < 2; half++) {
      int from = offset + half * lanes;
      ShortVector x0 = ShortVector.fromArray(SHORTS, x, from);
      ShortVector x1 = ShortVector.fromArray(SHORTS, x, from + TOKENS);
      ShortVector x2 = ShortVector.fromArray(SHORTS, x, from + 2 * TOKENS);
      ShortVector x3 = ShortVector.fromArray(SHORTS, x, from + 3 * TOKENS);
      long to = start + half * (long) REGISTER;
      for (int c3 = -1; c3 <= 1; c3++) {
        for (int c2 = -1; c2 <= 1; c2++) {
          ShortVector upper = x3.mul((short) c3).add(x2.mul((short) c2));
          for (int c1 = -1; c1 <= 1; c1++) {
            ShortVector middle = upper.add(x1.mul((short) c1));
            middle.sub(x0).intoMemorySegment(tables, to, ORDER);
            middle.intoMemorySegment(tables, to + ENTRY, ORDER);
            middle.add(x0).intoMemorySegment(tables, to + 2L * ENTRY, ORDER);
            to += 3L * ENTRY;
          }
        }
      }
    }
  }

  /** Finds the table entries of a packed row: four codes lie in the bytes of an int. */
  private static void look(MemorySegment packed, long at, int[] places) {
    places[0] = packed.get(ValueLayout.JAVA_BYTE, at); // see TernaryProducts.block
    for (int g = 0; g < GROUPS; g += INTS.length()) {
      IntVector codes = IntVector.fromMemorySegment(INTS, packed, at + 4L * g, ORDER);
      IntVector starts = IntVector.fromArray(INTS, TABLE_STARTS, g);
      for (int j = 0; j < 4; j++) {
        codes
            .and(0x0303_0303)
            .mul(INDEX)
            .lanewise(VectorOperators.LSHR, 24)
            .lanewise(VectorOperators.LSHL, ENTRY_BITS)
            .add(starts)
            .intoArray(places, j * GROUPS + g);
        codes = codes.lanewise(VectorOperators.LSHR, 2);
      }
    }
  }

  /** Adds the table entries of the four rows of a packed row to their sums. */
  private static void add(MemorySegment tables, int[] places, MemorySegment sums, long at) {
    for (int j = 0; j < 4; j++) {
      int p = j * GROUPS;
      ShortVector a0 = entry(tables, places[p]).add(entry(tables, places[p + 1]));
      ShortVector a1 = entry(tables, places[p + 2]).add(entry(tables, places[p + 3]));
      ShortVector a2 = entry(tables, places[p + 4]).add(entry(tables, places[p + 5]));
      ShortVector a3 = entry(tables, places[p + 6]).add(entry(tables, places[p + 7]));
      ShortVector b0 = entry(tables, places[p] + REGISTER);
      b0 = b0.add(entry(tables, places[p + 1] + REGISTER));
      ShortVector b1 = entry(tables, places[p + 2] + REGISTER);
      b1 = b1.add(entry(tables, places[p + 3] + REGISTER));
      ShortVector b2 = entry(tables, places[p + 4] + REGISTER);
      b2 = b2.add(entry(tables, places[p + 5] + REGISTER));
      ShortVector b3 = entry(tables, places[p + 6] + REGISTER);
      b3 = b3.add(entry(tables, places[p + 7] + REGISTER));
      long to = at + j * (long) ENTRY;
      ShortVector.fromMemorySegment(SHORTS, sums, to, ORDER)
          .add(a0.add(a1).add(a2.add(a3)))
          .intoMemorySegment(sums, to, ORDER);
      ShortVector.fromMemorySegment(SHORTS, sums, to + REGISTER, ORDER)
          .add(b0.add(b1).add(b2.add(b3)))
          .intoMemorySegment(sums, to + REGISTER, ORDER);
    }
  }

  private static ShortVector entry(MemorySegment tables, int place) {
    return ShortVector.fromMemorySegment(SHORTS, tables, place, ORDER);
  }

  /** Moves 16-bit sums to their totals. */
  private static void flush(MemorySegment sums, int[] totals, int rows) {
    for (int i = 0; i < rows * TOKENS; i++) {
      totals[i] += sums.get(SHORT, 2L * i);
    }
    sums.asSlice(0, (long) rows * ENTRY).fill((byte) 0);
  }

  /** Adds the columns beyond the last whole pass. */
  private void addTail(VectorMatrix w, int fromUnit, int toUnit) {
    for (int c = w.columns() / PASS_COLUMNS * PASS_COLUMNS; c < w.columns(); c++) {
      for (int unit = fromUnit; unit < toUnit; unit++) {
        int codes = w.packed().get(ValueLayout.JAVA_BYTE, (long) unit * w.columns() + c);
        for (int j = 0; j < 4; j++) {
          int trit = (codes >> 2 * j & 3) - 1;
          int total = (4 * (unit - fromUnit) + j) * TOKENS;
          for (int t = 0; t < TOKENS; t++) {
            totals[total + t] += trit * transposed[c * TOKENS + t];
          }
        }
      }
    }
  }
}
