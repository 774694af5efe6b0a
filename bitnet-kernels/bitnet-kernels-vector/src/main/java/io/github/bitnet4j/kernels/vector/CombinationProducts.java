package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.BLOCK_ROWS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.SET_WORDS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.STRIP_BYTES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_BYTES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_DIGITS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Ternary matrix times many int8 rows by combination tables, for registers of 128 and 256 bits.
 *
 * <p>Rows of activations are lanes. For four columns all 81 sums {@code t0 x0 + t1 x1 + t2 x2 + t3
 * x3} are computed once; then each row of the matrix costs one addition of a table's entry for four
 * columns of all these rows of activations. An entry is two or four registers: the more, the less
 * weighs the finding of it. Three tables, of twelve columns, share the loads and stores of the
 * 16-bit sums. These are moved to ints before they could leave 16 bits, so the product is exact for
 * every input.
 *
 * <p>A table is for the three columns of a digit in one of the first three words of a set of four,
 * and for one of the three of the same digit in the fourth.
 *
 * <p>Scratch memory of one thread.
 */
final class CombinationProducts {
  private static final VectorSpecies<Byte> BYTES = Lanes.species(byte.class, Lanes.BITS);
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

  private static final int COMBINATIONS = 81;

  /** Tables that are in use together. */
  private static final int TABLES = SET_WORDS - 1;

  /** Makes an index lie within a table of 128 entries, for all that the compiler knows. */
  private static final int INDEX = 127;

  /** The place of each row of a strip. */
  private static final int[] PLACES = LookupMatrix.places();

  /** The tables, {@code [TABLES][COMBINATIONS][tile]}; longer by what {@link #INDEX} lets pass. */
  private final short[] tables = new short[((TABLES - 1) * COMBINATIONS + INDEX + 1) * FOUR];

  /** Where in the tables each row of a span looks, {@code [WORD_DIGITS][TABLES][SPAN_ROWS]}. */
  private final byte[] places = new byte[WORD_DIGITS * TABLES * SPAN_ROWS];

  /** The digits of some rows, {@code [WORD_DIGITS][SET_WORDS][LANES]}. */
  private final byte[] digits = new byte[WORD_DIGITS * SET_WORDS * LANES];

  /** 16-bit sums, {@code [rows of the span][tile]}. */
  private final short[] sums = new short[SPAN_ROWS * FOUR];

  /** Their totals so far. */
  private final int[] totals = new int[SPAN_ROWS * FOUR];

  private final LastInput lastInput = new LastInput();

  /** The rows of activations, {@code [columns that words have][tile]}. */
  private short[] transposed = {};

  /**
   * The largest magnitude of a sum over the columns of a table set, {@code [sets of
   * words][WORD_DIGITS]}.
   */
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
    int all = w.words() * LookupMatrix.WORD_TRITS * tile;
    if (transposed.length < all) {
      transposed = new short[all];
    }
    if (reach.length < w.words() / SET_WORDS * WORD_DIGITS) {
      reach = new int[w.words() / SET_WORDS * WORD_DIGITS];
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
    for (int set = 0; set < w.words() / SET_WORDS * WORD_DIGITS; set++) {
      reach[set] = reach(transposed, w.words(), set, tile);
    }
    lastInput.set(w, x, xOffset, tokens);
  }

  /** Returns the largest sum of the magnitudes in the columns of a set of tables. */
  private static int reach(short[] transposed, int words, int set, int tile) {
    int largest = 0;
    for (int lane = 0; lane < tile; lane += WIDTH) {
      ShortVector sum = ShortVector.zero(SHORTS);
      for (int word = 0; word < SET_WORDS; word++) {
        int c0 = column(words, set, word, 0) * tile + lane;
        int c1 = column(words, set, word, 1) * tile + lane;
        int c2 = column(words, set, word, 2) * tile + lane;
        sum = sum.add(ShortVector.fromArray(SHORTS, transposed, c0).abs());
        sum = sum.add(ShortVector.fromArray(SHORTS, transposed, c1).abs());
        sum = sum.add(ShortVector.fromArray(SHORTS, transposed, c2).abs());
      }
      largest = Math.max(largest, sum.reduceLanes(VectorOperators.MAX));
    }
    return largest;
  }

  /** Returns the j-th column of a word of a set, for the digit of a set of tables. */
  private static int column(int words, int set, int word, int j) {
    int digit = set % WORD_DIGITS;
    return (3 * digit + j) * words + set / WORD_DIGITS * SET_WORDS + word;
  }

  private void multiplySpan(LookupMatrix w, int fromRow, int rows, int tile) {
    int strips = (rows + LANES - 1) / LANES;
    int all = strips * LANES * tile;
    Arrays.fill(totals, 0, all, 0);
    Arrays.fill(sums, 0, all, (short) 0);
    int reached = 0;
    for (int set = 0; set < w.words() / SET_WORDS * WORD_DIGITS; set++) {
      int digit = set % WORD_DIGITS;
      if (digit == 0) {
        int chunk = set / WORD_DIGITS * (SET_WORDS / LookupMatrix.CHUNK_WORDS);
        for (int row = 0; row < rows; row += BLOCK_ROWS) {
          int count = Math.min(BLOCK_ROWS / LANES, strips - row / LANES);
          long start = w.offset(fromRow + row, chunk);
          long second = w.offset(fromRow + row, chunk + 1);
          findPlaces(w.packed(), start, second, count, row);
        }
      }
      if (reached + reach[set] > Short.MAX_VALUE) {
        ShortSums.flush(sums, totals, 0, all);
        reached = 0;
      }
      reached += reach[set];
      for (int table = 0; table < TABLES; table++) {
        int c0 = column(w.words(), set, table, 0) * tile;
        int c3 = column(w.words(), set, TABLES, table) * tile;
        fillTable(transposed, c0, w.words() * tile, c3, tables, table * COMBINATIONS * tile, tile);
      }
      int first = digit * TABLES * SPAN_ROWS;
      if (tile == FOUR) {
        addFour(tables, places, first, strips * LANES, sums);
      } else {
        addTwo(tables, places, first, strips * LANES, sums);
      }
    }
    ShortSums.flush(sums, totals, 0, all);
  }

  /**
   * Computes the 81 sums of four columns.
   *
   * @param c0 where the first column starts; the second and the third follow after {@code step}
   * @param c3 where the fourth starts
   */
  private static void fillTable(
      short[] columns, int c0, int step, int c3, short[] tables, int start, int tile) {
    for (int lane = 0; lane < tile; lane += WIDTH) {
      ShortVector x0 = ShortVector.fromArray(SHORTS, columns, c0 + lane);
      ShortVector x1 = ShortVector.fromArray(SHORTS, columns, c0 + step + lane);
      ShortVector x2 = ShortVector.fromArray(SHORTS, columns, c0 + 2 * step + lane);
      ShortVector x3 = ShortVector.fromArray(SHORTS, columns, c3 + lane);
      int to = start + lane;
      for (int t3 = -1; t3 <= 1; t3++) {
        for (int t2 = -1; t2 <= 1; t2++) {
          ShortVector upper = x3.mul((short) t3).add(x2.mul((short) t2));
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
  }

  /**
   * Finds the entries that the rows of some strips have in the tables of a set of words.
   *
   * @param first where the first two words start
   * @param second where the others do
   * @param place where the rows' places are
   */
  private void findPlaces(MemorySegment packed, long first, long second, int strips, int place) {
    // See ShortLookups.addChunk; what is stored here is not used.
    places[place] = packed.get(ValueLayout.JAVA_BYTE, first);
    places[place] = packed.get(ValueLayout.JAVA_BYTE, second);
    for (int strip = 0; strip < strips; strip++) {
      for (int part = 0; part < LANES; part += BYTES.length()) {
        long at0 = first + strip * (long) STRIP_BYTES + part;
        long at2 = second + strip * (long) STRIP_BYTES + part;
        takeDigits(packed, at0, digits, 0);
        takeDigits(packed, at0 + WORD_BYTES, digits, LANES);
        takeDigits(packed, at2, digits, 2 * LANES);
        takeDigits(packed, at2 + WORD_BYTES, digits, 3 * LANES);
        for (int digit = 0; digit < WORD_DIGITS; digit++) {
          int to = digit * TABLES * SPAN_ROWS + place + strip * LANES + part;
          joinDigits(digits, digit * SET_WORDS * LANES, places, to);
        }
      }
    }
  }

  /**
   * Takes a word apart. No vector is passed to or from a method: unless the compiler happens to
   * inline it, that would be an object on the heap.
   *
   * @param digits receives {@code [WORD_DIGITS][SET_WORDS][LANES]}, of this word from {@code to} on
   */
  private static void takeDigits(MemorySegment packed, long at, byte[] digits, int to) {
    ByteVector lower = ByteVector.fromMemorySegment(BYTES, packed, at, ORDER);
    ByteVector upper = ByteVector.fromMemorySegment(BYTES, packed, at + LANES, ORDER);
    lower.and((byte) 31).intoArray(digits, to);
    upper.and((byte) 31).intoArray(digits, to + SET_WORDS * LANES);
    IntVector low = lower.reinterpretAsInts().lanewise(VectorOperators.LSHR, 5).and(0x07070707);
    IntVector high = upper.reinterpretAsInts().lanewise(VectorOperators.LSHR, 2).and(0x18181818);
    low.or(high).reinterpretAsBytes().intoArray(digits, to + 2 * SET_WORDS * LANES);
  }

  /** Adds 27 times the trits of the fourth word's digit to those of the others. */
  private static void joinDigits(byte[] digits, int from, byte[] places, int to) {
    ByteVector zero = ByteVector.zero(BYTES);
    ByteVector trits = ByteVector.fromArray(BYTES, digits, from + 3 * LANES);
    VectorMask<Byte> notFirst = trits.compare(VectorOperators.GE, 9);
    VectorMask<Byte> third = trits.compare(VectorOperators.GE, 18);
    ByteVector.fromArray(BYTES, digits, from + 2 * LANES)
        .add(zero.blend(27, notFirst))
        .add(zero.blend(27, third))
        .intoArray(places, to + 2 * SPAN_ROWS);
    trits = trits.sub(zero.blend(9, notFirst)).sub(zero.blend(9, third));
    notFirst = trits.compare(VectorOperators.GE, 3);
    third = trits.compare(VectorOperators.GE, 6);
    ByteVector.fromArray(BYTES, digits, from + LANES)
        .add(zero.blend(27, notFirst))
        .add(zero.blend(27, third))
        .intoArray(places, to + SPAN_ROWS);
    trits = trits.sub(zero.blend(3, notFirst)).sub(zero.blend(3, third));
    notFirst = trits.compare(VectorOperators.GE, 1);
    third = trits.compare(VectorOperators.GE, 2);
    ByteVector.fromArray(BYTES, digits, from)
        .add(zero.blend(27, notFirst))
        .add(zero.blend(27, third))
        .intoArray(places, to);
  }

  /** Adds entries of four registers to the sums of each row. */
  private static void addFour(short[] tables, byte[] places, int first, int rows, short[] sums) {
    int second = first + SPAN_ROWS;
    int third = second + SPAN_ROWS;
    for (int i = 0; i < rows; i++) {
      int a = (places[first + i] & INDEX) << FOUR_BITS;
      int b = ((places[second + i] & INDEX) << FOUR_BITS) + COMBINATIONS * FOUR;
      int c = ((places[third + i] & INDEX) << FOUR_BITS) + 2 * COMBINATIONS * FOUR;
      int to = i << FOUR_BITS;
      ShortVector.fromArray(SHORTS, sums, to)
          .add(ShortVector.fromArray(SHORTS, tables, a))
          .add(
              ShortVector.fromArray(SHORTS, tables, b)
                  .add(ShortVector.fromArray(SHORTS, tables, c)))
          .intoArray(sums, to);
      ShortVector.fromArray(SHORTS, sums, to + WIDTH)
          .add(ShortVector.fromArray(SHORTS, tables, a + WIDTH))
          .add(
              ShortVector.fromArray(SHORTS, tables, b + WIDTH)
                  .add(ShortVector.fromArray(SHORTS, tables, c + WIDTH)))
          .intoArray(sums, to + WIDTH);
      ShortVector.fromArray(SHORTS, sums, to + 2 * WIDTH)
          .add(ShortVector.fromArray(SHORTS, tables, a + 2 * WIDTH))
          .add(
              ShortVector.fromArray(SHORTS, tables, b + 2 * WIDTH)
                  .add(ShortVector.fromArray(SHORTS, tables, c + 2 * WIDTH)))
          .intoArray(sums, to + 2 * WIDTH);
      ShortVector.fromArray(SHORTS, sums, to + 3 * WIDTH)
          .add(ShortVector.fromArray(SHORTS, tables, a + 3 * WIDTH))
          .add(
              ShortVector.fromArray(SHORTS, tables, b + 3 * WIDTH)
                  .add(ShortVector.fromArray(SHORTS, tables, c + 3 * WIDTH)))
          .intoArray(sums, to + 3 * WIDTH);
    }
  }

  /** Adds entries of two registers to the sums of each row. */
  private static void addTwo(short[] tables, byte[] places, int first, int rows, short[] sums) {
    int second = first + SPAN_ROWS;
    int third = second + SPAN_ROWS;
    for (int i = 0; i < rows; i++) {
      int a = (places[first + i] & INDEX) << TWO_BITS;
      int b = ((places[second + i] & INDEX) << TWO_BITS) + COMBINATIONS * TWO;
      int c = ((places[third + i] & INDEX) << TWO_BITS) + 2 * COMBINATIONS * TWO;
      int to = i << TWO_BITS;
      ShortVector.fromArray(SHORTS, sums, to)
          .add(ShortVector.fromArray(SHORTS, tables, a))
          .add(
              ShortVector.fromArray(SHORTS, tables, b)
                  .add(ShortVector.fromArray(SHORTS, tables, c)))
          .intoArray(sums, to);
      ShortVector.fromArray(SHORTS, sums, to + WIDTH)
          .add(ShortVector.fromArray(SHORTS, tables, a + WIDTH))
          .add(
              ShortVector.fromArray(SHORTS, tables, b + WIDTH)
                  .add(ShortVector.fromArray(SHORTS, tables, c + WIDTH)))
          .intoArray(sums, to + WIDTH);
    }
  }
}
