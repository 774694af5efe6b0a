package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.BLOCK_ROWS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.CHUNK_WORDS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.STRIP_BYTES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_BYTES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_DIGITS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_TRITS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Ternary matrix times many int8 rows by combination tables, for registers of 128 and 256 bits.
 *
 * <p>Rows of activations are lanes. For the three columns of a digit all 27 sums {@code t0 x0 + t1
 * x1 + t2 x2} are computed once; then each row of the matrix costs one addition of a table's entry
 * for three columns of all these rows of activations. An entry is two or four registers: the more,
 * the less weighs the finding of it. The six tables of a chunk, 18 columns, share the loads and
 * stores of the 16-bit sums, and fit a first-level cache of 32 KB. The sums are moved to ints
 * before they could leave 16 bits, so the product is exact for every input.
 *
 * <p>Scratch memory of one thread.
 */
final class CombinationProducts {
  private static final VectorSpecies<Byte> HALF = Lanes.species(byte.class, Lanes.BITS / 2);
  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int WIDTH = SHORTS.length();

  /** Rows of activations in the lanes of four registers, and of two. */
  private static final int FOUR = 4 * WIDTH;

  private static final int TWO = 2 * WIDTH;
  private static final int FOUR_BITS = Integer.numberOfTrailingZeros(FOUR);
  private static final int TWO_BITS = Integer.numberOfTrailingZeros(TWO);

  /** Fewest rows of activations for which the tables pay, and for which four registers do. */
  static final int MIN_TOKENS = TWO * 3 / 8;

  private static final int MIN_FOUR = TWO * 5 / 4;

  /** Rows, of several blocks, that tables are made for: the sums stay in the second-level cache. */
  private static final int SPAN_ROWS = 4 * BLOCK_ROWS;

  /** Entries of a table: the sums of three columns with each trit. */
  private static final int COMBINATIONS = 27;

  /** Tables that are in use together, those of a chunk's digits. */
  private static final int TABLES = CHUNK_WORDS * WORD_DIGITS;

  /** The place of each row of a strip. */
  private static final int[] PLACES = LookupMatrix.places();

  /** The tables, {@code [TABLES][COMBINATIONS][tile]}. */
  private final short[] tables = new short[TABLES * COMBINATIONS * FOUR];

  /** Where the entries of each row start in the tables, {@code [TABLES][rows of the span]}. */
  private final short[] entries = new short[TABLES * SPAN_ROWS];

  /** 16-bit sums, {@code [rows of the span][tile]}. */
  private final short[] sums = new short[SPAN_ROWS * FOUR];

  /** Their totals so far. */
  private final int[] totals = new int[SPAN_ROWS * FOUR];

  private final LastInput lastInput = new LastInput();

  /** The rows of activations, {@code [columns that words have][tile]}. */
  private short[] transposed = {};

  /** The largest magnitude of a sum over the columns of each chunk. */
  private int[] reach = {};

  /**
   * Multiplies some rows of activations.
   *
   * @param first the first of them
   * @param tokens how many there are, at least {@link #MIN_TOKENS}
   * @return how many of them were multiplied
   */
  int multiply(LookupMatrix w, byte[] x, int first, int tokens, int[] out, int fromRow, int toRow) {
    int tile = tokens >= MIN_FOUR ? FOUR : TWO;
    int count = Math.min(tokens, tile);
    transpose(w, x, first * w.columns(), count, tile);
    int row = fromRow;
    while (row < toRow) {
      int next = Math.min(toRow, row + SPAN_ROWS);
      multiplySpan(w, row, next - row, tile);
      for (int r = row; r < next; r += LANES) {
        store(totals, (r - row) * tile, tile, count, out, first * w.rows() + r, w.rows(), next - r);
      }
      row = next;
    }
    return count;
  }

  /**
   * Stores the totals of at most {@link LookupMatrix#LANES} rows, which the first-level cache
   * holds.
   */
  private static void store(
      int[] totals, int from, int tile, int tokens, int[] out, int to, int step, int rows) {
    for (int t = 0; t < tokens; t++) {
      for (int r = 0; r < Math.min(rows, LANES); r++) {
        out[to + t * step + r] = totals[from + PLACES[r] * tile + t];
      }
    }
  }

  /** Makes columns of rows, unless they are those of the last time. */
  private void transpose(LookupMatrix w, byte[] x, int xOffset, int tokens, int tile) {
    if (lastInput.is(w, x, xOffset, tokens)) {
      return;
    }
    int columns = w.columns();
    int all = w.words() * WORD_TRITS * tile;
    if (transposed.length < all) {
      transposed = new short[all];
    }
    if (reach.length < w.chunks()) {
      reach = new int[w.chunks()];
    }
    Arrays.fill(transposed, 0, all, (short) 0);
    for (int from = 0; from < columns; from += LANES) { // whose lines fit the first-level cache
      int to = Math.min(columns, from + LANES);
      for (int t = 0; t < tokens; t++) {
        // Then the halves of ints are rows of activations in order.
        int within = t % WIDTH;
        int lane = t - within + (within < WIDTH / 2 ? 2 * within : 2 * within - WIDTH + 1);
        for (int c = from; c < to; c++) {
          transposed[c * tile + lane] = x[xOffset + t * columns + c];
        }
      }
    }
    for (int chunk = 0; chunk < w.chunks(); chunk++) {
      reach[chunk] = reach(transposed, w.words(), chunk, tile);
    }
    lastInput.set(w, x, xOffset, tokens);
  }

  /** Returns the largest sum of the magnitudes in the columns of a chunk. */
  private static int reach(short[] transposed, int words, int chunk, int tile) {
    int largest = 0;
    for (int lane = 0; lane < tile; lane += WIDTH) {
      ShortVector sum = ShortVector.zero(SHORTS);
      for (int j = 0; j < WORD_TRITS; j++) {
        int at = (j * words + chunk * CHUNK_WORDS) * tile + lane;
        for (int word = 0; word < CHUNK_WORDS; word++) {
          sum = sum.add(ShortVector.fromArray(SHORTS, transposed, at + word * tile).abs());
        }
      }
      largest = Math.max(largest, sum.reduceLanes(VectorOperators.MAX));
    }
    return largest;
  }

  private void multiplySpan(LookupMatrix w, int fromRow, int rows, int tile) {
    int strips = (rows + LANES - 1) / LANES;
    int all = strips * LANES * tile;
    Arrays.fill(totals, 0, all, 0);
    Arrays.fill(sums, 0, all, (short) 0);
    int reached = 0;
    for (int chunk = 0; chunk < w.chunks(); chunk++) {
      for (int row = 0; row < rows; row += BLOCK_ROWS) {
        int count = Math.min(BLOCK_ROWS / LANES, strips - row / LANES);
        findEntries(w.packed(), w.offset(fromRow + row, chunk), count, tile, entries, row);
      }
      if (reached + reach[chunk] > Short.MAX_VALUE) {
        ShortSums.flush(sums, totals, 0, all);
        reached = 0;
      }
      reached += reach[chunk];
      for (int table = 0; table < TABLES; table++) {
        int word = chunk * CHUNK_WORDS + table / WORD_DIGITS;
        int from = (3 * (table % WORD_DIGITS) * w.words() + word) * tile;
        fillTable(transposed, from, w.words() * tile, tables, table * COMBINATIONS * tile, tile);
      }
      if (tile == FOUR) {
        addFour(tables, entries, strips * LANES, sums);
      } else {
        addTwo(tables, entries, strips * LANES, sums);
      }
    }
    ShortSums.flush(sums, totals, 0, all);
  }

  /**
   * Computes the 27 sums of three columns.
   *
   * @param from where the first column starts; the second and the third follow after {@code step}
   */
  private static void fillTable(
      short[] columns, int from, int step, short[] tables, int start, int tile) {
    for (int lane = 0; lane < tile; lane += WIDTH) {
      ShortVector x0 = ShortVector.fromArray(SHORTS, columns, from + lane);
      ShortVector x1 = ShortVector.fromArray(SHORTS, columns, from + step + lane);
      ShortVector x2 = ShortVector.fromArray(SHORTS, columns, from + 2 * step + lane);
      int to = start + lane;
      for (int t2 = -1; t2 <= 1; t2++) {
        ShortVector upper = x2.mul((short) t2);
        for (int t1 = -1; t1 <= 1; t1++) {
          ShortVector middle = upper.add(x1.mul((short) t1));
          middle.sub(x0).intoArray(tables, to);
          middle.intoArray(tables, to + tile);
          middle.add(x0).intoArray(tables, to + 2 * tile);
          to += 3 * tile;
        }
      }
    }
  }

  /**
   * Finds the entries of some strips' rows in the tables of a chunk.
   *
   * @param entries receives {@code [TABLES][SPAN_ROWS]}, those of these rows from {@code to} on
   */
  private static void findEntries(
      MemorySegment packed, long start, int strips, int tile, short[] entries, int to) {
    entries[to] = packed.get(ValueLayout.JAVA_BYTE, start); // see ShortLookups.addChunk; not used
    int table = COMBINATIONS * tile;
    for (int strip = 0; strip < strips; strip++) {
      for (int word = 0; word < CHUNK_WORDS; word++) {
        long at = start + strip * (long) STRIP_BYTES + word * (long) WORD_BYTES;
        int wordTo = word * WORD_DIGITS * SPAN_ROWS + to + strip * LANES;
        for (int part = 0; part < LANES; part += WIDTH) {
          ShortVector lower =
              ByteVector.fromMemorySegment(HALF, packed, at + part, ORDER)
                  .convertShape(VectorOperators.ZERO_EXTEND_B2S, SHORTS, 0)
                  .reinterpretAsShorts();
          ShortVector upper =
              ByteVector.fromMemorySegment(HALF, packed, at + LANES + part, ORDER)
                  .convertShape(VectorOperators.ZERO_EXTEND_B2S, SHORTS, 0)
                  .reinterpretAsShorts();
          // Shifts of ints: for those of shorts C2 loads the count anew each time.
          ShortVector third =
              lower
                  .reinterpretAsInts()
                  .lanewise(VectorOperators.LSHR, 5)
                  .and(0x00070007)
                  .or(upper.reinterpretAsInts().lanewise(VectorOperators.LSHR, 2).and(0x00180018))
                  .reinterpretAsShorts();
          int from = word * WORD_DIGITS * table;
          lower
              .and((short) 31)
              .mul((short) tile)
              .add((short) from)
              .intoArray(entries, wordTo + part);
          upper
              .and((short) 31)
              .mul((short) tile)
              .add((short) (from + table))
              .intoArray(entries, wordTo + part + SPAN_ROWS);
          third
              .mul((short) tile)
              .add((short) (from + 2 * table))
              .intoArray(entries, wordTo + part + 2 * SPAN_ROWS);
        }
      }
    }
  }

  /**
   * Adds entries of four registers to the sums of each row. The registers of an entry are loaded
   * one after the other, as their line is in the cache then: a quarter faster than register by
   * register. The tables are written out, as C2 does not unroll a loop over them, unlike that of
   * {@link #addTwo}.
   */
  private static void addFour(short[] tables, short[] entries, int rows, short[] sums) {
    for (int i = 0; i < rows; i++) {
      int a = entries[i];
      int b = entries[i + SPAN_ROWS];
      int c = entries[i + 2 * SPAN_ROWS];
      int d = entries[i + 3 * SPAN_ROWS];
      int e = entries[i + 4 * SPAN_ROWS];
      int f = entries[i + 5 * SPAN_ROWS];
      int to = i << FOUR_BITS;
      ShortVector s0 = ShortVector.fromArray(SHORTS, sums, to);
      ShortVector s1 = ShortVector.fromArray(SHORTS, sums, to + WIDTH);
      ShortVector s2 = ShortVector.fromArray(SHORTS, sums, to + 2 * WIDTH);
      ShortVector s3 = ShortVector.fromArray(SHORTS, sums, to + 3 * WIDTH);
      s0 = s0.add(ShortVector.fromArray(SHORTS, tables, a));
      s1 = s1.add(ShortVector.fromArray(SHORTS, tables, a + WIDTH));
      s2 = s2.add(ShortVector.fromArray(SHORTS, tables, a + 2 * WIDTH));
      s3 = s3.add(ShortVector.fromArray(SHORTS, tables, a + 3 * WIDTH));
      s0 = s0.add(ShortVector.fromArray(SHORTS, tables, b));
      s1 = s1.add(ShortVector.fromArray(SHORTS, tables, b + WIDTH));
      s2 = s2.add(ShortVector.fromArray(SHORTS, tables, b + 2 * WIDTH));
      s3 = s3.add(ShortVector.fromArray(SHORTS, tables, b + 3 * WIDTH));
      s0 = s0.add(ShortVector.fromArray(SHORTS, tables, c));
      s1 = s1.add(ShortVector.fromArray(SHORTS, tables, c + WIDTH));
      s2 = s2.add(ShortVector.fromArray(SHORTS, tables, c + 2 * WIDTH));
      s3 = s3.add(ShortVector.fromArray(SHORTS, tables, c + 3 * WIDTH));
      s0 = s0.add(ShortVector.fromArray(SHORTS, tables, d));
      s1 = s1.add(ShortVector.fromArray(SHORTS, tables, d + WIDTH));
      s2 = s2.add(ShortVector.fromArray(SHORTS, tables, d + 2 * WIDTH));
      s3 = s3.add(ShortVector.fromArray(SHORTS, tables, d + 3 * WIDTH));
      s0 = s0.add(ShortVector.fromArray(SHORTS, tables, e));
      s1 = s1.add(ShortVector.fromArray(SHORTS, tables, e + WIDTH));
      s2 = s2.add(ShortVector.fromArray(SHORTS, tables, e + 2 * WIDTH));
      s3 = s3.add(ShortVector.fromArray(SHORTS, tables, e + 3 * WIDTH));
      s0 = s0.add(ShortVector.fromArray(SHORTS, tables, f));
      s1 = s1.add(ShortVector.fromArray(SHORTS, tables, f + WIDTH));
      s2 = s2.add(ShortVector.fromArray(SHORTS, tables, f + 2 * WIDTH));
      s3 = s3.add(ShortVector.fromArray(SHORTS, tables, f + 3 * WIDTH));
      s0.intoArray(sums, to);
      s1.intoArray(sums, to + WIDTH);
      s2.intoArray(sums, to + 2 * WIDTH);
      s3.intoArray(sums, to + 3 * WIDTH);
    }
  }

  /** Adds entries of two registers to the sums of each row. */
  private static void addTwo(short[] tables, short[] entries, int rows, short[] sums) {
    for (int i = 0; i < rows; i++) {
      int to = i << TWO_BITS;
      ShortVector s0 = ShortVector.fromArray(SHORTS, sums, to);
      ShortVector s1 = ShortVector.fromArray(SHORTS, sums, to + WIDTH);
      for (int table = 0; table < TABLES; table++) {
        int entry = entries[table * SPAN_ROWS + i];
        s0 = s0.add(ShortVector.fromArray(SHORTS, tables, entry));
        s1 = s1.add(ShortVector.fromArray(SHORTS, tables, entry + WIDTH));
      }
      s0.intoArray(sums, to);
      s1.intoArray(sums, to + WIDTH);
    }
  }
}
