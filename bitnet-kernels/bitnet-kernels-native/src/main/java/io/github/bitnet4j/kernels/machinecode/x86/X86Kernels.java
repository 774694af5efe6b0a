package io.github.bitnet4j.kernels.machinecode.x86;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;

/** The code of all kernels of a level, by name. */
public final class X86Kernels {
  /** Columns that rows of int8 activations are padded to, with zeros, for ternary products. */
  public static final int PADDING = TernaryListing.PADDING;

  /** Packed rows of a block of the tile kernel, and rows of activations that it pads to. */
  public static final int TILE_ROWS = TileListing.ROWS;

  private X86Kernels() {}

  /** Returns the size of the work area of the tile kernel for a number of padded columns. */
  public static int tileWorkBytes(int columns) {
    return TileListing.workBytes(columns);
  }

  /**
   * Fills the constant part of a work area of the tile kernel.
   *
   * @param columns bytes from a packed row to the next
   * @param stride bytes from a row of activations to the next
   * @param sums the sum of each row of activations
   * @param units packed rows of the matrix
   */
  public static void setTileWork(
      MemorySegment work, int columns, int stride, MemorySegment sums, int units) {
    work.asSlice(0, TileListing.PACKED_STRIDE).fill((byte) 0);
    work.set(ValueLayout.JAVA_BYTE, 0, (byte) 1); // the only palette
    for (int tile = 0; tile < 8; tile++) {
      work.set(ValueLayout.JAVA_SHORT, 16 + 2L * tile, (short) 64); // bytes of a row
      work.set(ValueLayout.JAVA_BYTE, 48 + tile, (byte) TileListing.ROWS);
    }
    work.set(ValueLayout.JAVA_LONG, TileListing.PACKED_STRIDE, columns);
    work.set(ValueLayout.JAVA_LONG, TileListing.X_STRIDE, stride);
    work.set(ValueLayout.JAVA_LONG, TileListing.SUMS, sums.address());
    work.set(ValueLayout.JAVA_LONG, TileListing.QUARTER_BYTES, (long) units * Integer.BYTES);
    for (int quarter = 0; quarter < 4; quarter++) {
      int mask = 0x03030303 << 2 * quarter;
      work.set(ValueLayout.JAVA_INT, TileListing.MASKS + (long) quarter * Integer.BYTES, mask);
    }
  }

  /** Returns the most rows of activations that one ternary kernel multiplies. */
  public static int maxTernaryTokens(Level level) {
    return TernaryListing.maxTokens(level);
  }

  /** Returns the most float rows that one kernel of lane sums multiplies. */
  public static int maxLaneSumTokens(Level level) {
    return LaneSumListing.maxTokens(level);
  }

  /** Returns the most rows that one panel kernel multiplies. */
  public static int maxPanelRows(Level level) {
    return PanelListing.maxRows(level);
  }

  /** Returns the functions that ask the processor and the system. */
  public static Map<String, byte[]> system() {
    return Map.of(
        "cpuid", SystemListing.cpuid(),
        "xgetbv", SystemListing.xgetbv(),
        "systemCall", SystemListing.systemCall());
  }

  /** Returns all kernels of a level. */
  public static Map<String, byte[]> kernels(Level level) {
    Map<String, byte[]> kernels = new LinkedHashMap<>();
    for (int tokens = 1; tokens <= maxTernaryTokens(level); tokens++) {
      kernels.put(ternary(tokens, true), TernaryListing.assemble(level, tokens, true));
      kernels.put(ternary(tokens, false), TernaryListing.assemble(level, tokens, false));
    }
    if (level == Level.AMX) {
      kernels.put("tiles", TileListing.assemble());
    }
    kernels.put("int8", Int8Listing.assemble(level));
    for (LaneSumListing.Weights weights : LaneSumListing.Weights.values()) {
      for (int tokens = 1; tokens <= maxLaneSumTokens(level); tokens++) {
        kernels.put(
            laneSums(weights.name(), tokens), LaneSumListing.assemble(level, weights, tokens));
      }
    }
    for (int rows = 1; rows <= maxPanelRows(level); rows++) {
      kernels.put(panel(rows, false), PanelListing.assemble(level, rows, false));
      kernels.put(panel(rows, true), PanelListing.assemble(level, rows, true));
    }
    kernels.put("absMax", RowListing.absMax(level));
    kernels.put("round", RowListing.round(level));
    kernels.put("sumOfSquares", RowListing.sumOfSquares(level));
    kernels.put("scale", RowListing.scale(level));
    kernels.put("copyAndSum", RowListing.copyAndSum(level));
    kernels.put("softmax", RowListing.softmax(level));
    return kernels;
  }

  /** Returns the name of a ternary kernel. */
  public static String ternary(int tokens, boolean prefetch) {
    return "ternary" + tokens + (prefetch ? "p" : "");
  }

  /** Returns the name of a kernel of lane sums for weights of the named type. */
  public static String laneSums(String type, int tokens) {
    return "laneSums" + type + tokens;
  }

  /** Returns the name of a panel kernel. */
  public static String panel(int rows, boolean half) {
    return (half ? "panelF16x" : "panelF32x") + rows;
  }
}
