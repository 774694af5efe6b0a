package io.github.bitnet4j.kernels.machinecode.x86;

import java.util.LinkedHashMap;
import java.util.Map;

/** The code of all kernels of a level, by name. */
public final class X86Kernels {
  /** Columns that rows of int8 activations are padded to, with zeros, for ternary products. */
  public static final int PADDING = TernaryListing.PADDING;

  private X86Kernels() {}

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
