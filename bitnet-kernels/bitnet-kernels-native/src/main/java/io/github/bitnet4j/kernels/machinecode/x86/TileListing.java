package io.github.bitnet4j.kernels.machinecode.x86;

import static io.github.bitnet4j.kernels.machinecode.x86.VectorOp.*;

import io.github.bitnet4j.kernels.machinecode.x86.X86Assembler.Condition;
import io.github.bitnet4j.kernels.machinecode.x86.X86Assembler.Label;

/**
 * Ternary matrix times many rows of int8 with the tiles of AMX.
 *
 * <p>Packed rows are computed in blocks of 16. First the bytes of a block are put into the order of
 * a right operand: four columns of each of the 16 rows, then the next four columns. The four rows
 * that share a byte are masked where their bits lie, each into a tile of its own; sums are shifted
 * at the end, as in {@link TernaryListing}. All of that is done once for all rows of x.
 *
 * <p>Then two tiles of 16 rows of x meet two of those tiles at a time: four loads for four products
 * of 16 x 16 x 64.
 *
 * <p>Arguments: a the first packed row of the first block; b rows of x, padded with zeros to a
 * multiple of {@link TernaryListing#PADDING} columns and of 16 rows; c the result for the first
 * packed row and the first row of x; d the work area, see below; the number of blocks; the number
 * of rows of x; padded columns; bytes from a row of the result to the next.
 */
final class TileListing extends Listing {
  /** Packed rows of a block, and rows of x of a tile. */
  static final int ROWS = 16;

  /** Bytes of a row of a tile. */
  private static final int TILE_ROW = 64;

  private static final int TILE = ROWS * TILE_ROW;

  // The work area: the shapes of the tiles, numbers that find no register, results of four tiles,
  // and
  // the block's tiles.
  static final int PACKED_STRIDE = 64;
  static final int X_STRIDE = 72;
  static final int SUMS = 80;
  static final int QUARTER_BYTES = 88;
  static final int MASKS = 96;
  private static final int RESULTS = 128;
  private static final int PANEL = RESULTS + 4 * TILE;

  private static final Gp BLOCKS = P0;
  private static final Gp TOKENS = P1;
  private static final Gp COLUMNS = P2;
  private static final Gp OUT_BYTES = P3;
  private static final Gp SECOND_X = P4;
  private static final Gp COLUMN = Gp.RBX;
  private static final Gp TOKEN = Gp.RBP;
  private static final Gp POINTER = Gp.R12;
  private static final Gp TILES = Gp.R13;
  private static final Gp STRIDE = Gp.R14;
  private static final Gp LINE = Gp.R15;

  private static final int A0 = 4;
  private static final int A1 = 5;
  private static final int B0 = 6;
  private static final int B1 = 7;

  private TileListing() {
    super(Level.AMX);
  }

  /** Returns the size of the work area for a number of padded columns. */
  static int workBytes(int columns) {
    return PANEL + columns / TILE_ROW * 4 * TILE;
  }

  /** Returns the code. */
  static byte[] assemble() {
    return new TileListing().code();
  }

  private byte[] code() {
    prologue(0);
    asm.ldtilecfg(Mem.at(D));
    Label block = new Label();
    Label done = new Label();
    asm.bind(block);
    asm.cmp(BLOCKS, 0);
    asm.jump(Condition.EQUAL, done);
    asm.sub(BLOCKS, 1);
    unpack();
    asm.xor(TOKEN, TOKEN);
    Label pair = new Label();
    Label single = new Label();
    Label next = new Label();
    asm.bind(pair);
    asm.lea(POINTER, Mem.at(TOKEN, ROWS));
    asm.cmp(POINTER, TOKENS);
    asm.jump(Condition.GREATER_OR_EQUAL, single);
    tiles(2);
    asm.add(TOKEN, 2 * ROWS);
    asm.jump(pair);
    asm.bind(single);
    asm.cmp(TOKEN, TOKENS);
    asm.jump(Condition.GREATER_OR_EQUAL, next);
    tiles(1);
    asm.bind(next);
    asm.add(C, ROWS * Integer.BYTES);
    asm.jump(block);
    asm.bind(done);
    asm.tilerelease();
    return epilogue(0);
  }

  /** Makes the tiles of a block, and lets {@code a} point to the next block. */
  private void unpack() {
    asm.mov(STRIDE, Mem.at(D, PACKED_STRIDE));
    asm.lea(TILES, Mem.at(D, PANEL));
    loopBelow(
        COLUMN,
        COLUMNS,
        TILE_ROW,
        () -> {
          asm.lea(POINTER, Mem.at(A, COLUMN, 1, 0));
          for (int row = 0; row < ROWS; row++) {
            asm.vector(VMOVDQU, v(row), Mem.at(POINTER));
            asm.add(POINTER, STRIDE);
          }
          transpose();
          asm.add(TILES, 4 * TILE);
        });
    asm.lea(A, Mem.at(A, STRIDE, 8, 0));
    asm.lea(A, Mem.at(A, STRIDE, 8, 0));
  }

  /** Transposes 16 x 16 ints in the first 16 registers, and stores the four masked tiles. */
  private void transpose() {
    for (int i = 0; i < ROWS; i += 2) { // columns of pairs of rows
      asm.vector(VPUNPCKLDQ, v(16 + i), v(i), v(i + 1));
      asm.vector(VPUNPCKHDQ, v(16 + i + 1), v(i), v(i + 1));
    }
    for (int i = 0; i < ROWS; i += 4) { // of four rows
      asm.vector(VPUNPCKLQDQ, v(i), v(16 + i), v(16 + i + 2));
      asm.vector(VPUNPCKHQDQ, v(i + 1), v(16 + i), v(16 + i + 2));
      asm.vector(VPUNPCKLQDQ, v(i + 2), v(16 + i + 1), v(16 + i + 3));
      asm.vector(VPUNPCKHQDQ, v(i + 3), v(16 + i + 1), v(16 + i + 3));
    }
    for (int j = 0; j < 4; j++) { // lane L of registers j, 4 + j, 8 + j, 12 + j is column 4L + j
      asm.vector(VSHUFI32X4, v(16), v(j), v(4 + j), 0x44);
      asm.vector(VSHUFI32X4, v(17), v(8 + j), v(12 + j), 0x44);
      asm.vector(VSHUFI32X4, v(18), v(j), v(4 + j), 0xEE);
      asm.vector(VSHUFI32X4, v(19), v(8 + j), v(12 + j), 0xEE);
      asm.vector(VSHUFI32X4, v(20), v(16), v(17), 0x88);
      asm.vector(VSHUFI32X4, v(21), v(16), v(17), 0xDD);
      asm.vector(VSHUFI32X4, v(22), v(18), v(19), 0x88);
      asm.vector(VSHUFI32X4, v(23), v(18), v(19), 0xDD);
      for (int lane = 0; lane < 4; lane++) {
        for (int quarter = 0; quarter < 4; quarter++) {
          Vec masked = v(24 + quarter);
          Mem mask = Mem.at(D, MASKS + quarter * Integer.BYTES).toAllLanes();
          asm.vector(VPAND, masked, v(20 + lane), mask);
          int line = 4 * lane + j;
          asm.vector(VMOVDQU_STORE, masked, Mem.at(TILES, quarter * TILE + line * TILE_ROW));
        }
      }
    }
  }

  /** Multiplies the block by one or two tiles of rows of x, and stores the results. */
  private void tiles(int count) {
    for (int quarter = 0; quarter < 4; quarter += 2) {
      for (int i = 0; i < 2 * count; i++) {
        asm.tilezero(i);
      }
      asm.mov(STRIDE, Mem.at(D, X_STRIDE));
      asm.mov(POINTER, TOKEN);
      asm.imul(POINTER, STRIDE);
      asm.add(POINTER, B);
      asm.lea(SECOND_X, Mem.at(POINTER, STRIDE, 8, 0));
      asm.lea(SECOND_X, Mem.at(SECOND_X, STRIDE, 8, 0));
      asm.lea(TILES, Mem.at(D, PANEL + quarter * TILE));
      asm.mov32(LINE, TILE_ROW);
      loopBelow(COLUMN, COLUMNS, TILE_ROW, () -> multiply(count));
      for (int i = 0; i < 2 * count; i++) {
        asm.tilestored(Mem.at(D, LINE, 1, RESULTS + i * TILE), i);
      }
      for (int tile = 0; tile < count; tile++) {
        store(tile, quarter, RESULTS + 2 * tile * TILE);
        store(tile, quarter + 1, RESULTS + (2 * tile + 1) * TILE);
      }
    }
  }

  private void multiply(int count) {
    asm.tileloadd(B0, Mem.at(TILES, LINE, 1, 0));
    asm.tileloadd(B1, Mem.at(TILES, LINE, 1, TILE));
    asm.tileloadd(A0, Mem.at(POINTER, STRIDE, 1, 0));
    asm.tdpbsud(0, A0, B0);
    asm.tdpbsud(1, A0, B1);
    asm.add(POINTER, TILE_ROW);
    asm.add(TILES, 4 * TILE);
    if (count == 2) {
      asm.tileloadd(A1, Mem.at(SECOND_X, STRIDE, 1, 0));
      asm.tdpbsud(2, A1, B0);
      asm.tdpbsud(3, A1, B1);
      asm.add(SECOND_X, TILE_ROW);
    }
  }

  /** Stores the results of a tile, as far as there are rows of x. */
  private void store(int tile, int quarter, int from) {
    Gp out = POINTER;
    Gp sums = TILES;
    Gp result = STRIDE;
    Gp token = COLUMN;
    Gp end = SECOND_X;
    asm.lea(token, Mem.at(TOKEN, tile * ROWS));
    asm.mov(out, token);
    asm.imul(out, OUT_BYTES);
    asm.add(out, C);
    asm.mov(end, Mem.at(D, QUARTER_BYTES));
    for (int i = 0; i < quarter; i++) {
      asm.add(out, end);
    }
    asm.mov(sums, Mem.at(D, SUMS));
    asm.lea(sums, Mem.at(sums, token, Integer.BYTES, 0));
    asm.lea(result, Mem.at(D, from));
    asm.lea(end, Mem.at(token, ROWS));
    Label whole = new Label();
    asm.cmp(end, TOKENS);
    asm.jump(Condition.LESS, whole);
    asm.mov(end, TOKENS);
    asm.bind(whole);
    Label row = new Label();
    asm.bind(row);
    asm.vector(VMOVDQU, v(0), Mem.at(result));
    if (quarter > 0) {
      asm.vpsrad(v(0), v(0), 2 * quarter);
    }
    asm.vector(VPSUBD, v(0), v(0), Mem.at(sums).toAllLanes());
    asm.vector(VMOVDQU_STORE, v(0), Mem.at(out));
    asm.add(out, OUT_BYTES);
    asm.add(sums, Integer.BYTES);
    asm.add(result, TILE_ROW);
    asm.add(token, 1);
    asm.cmp(token, end);
    asm.jump(Condition.LESS, row);
  }
}
