package io.github.bitnet4j.core.format;

import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.TernaryLayout;
import java.util.Map;
import java.util.Optional;

/**
 * Tensor types of GGUF files that can be told from their number. Engines have given some numbers to
 * different types; see {@link #explainUnknown}.
 *
 * <p>Source: {@code enum ggml_type} of ggml, bitnet.cpp and ik_llama.cpp.
 */
public enum GgufType {
  F32(0, 1, 4, DenseType.F32),
  F16(1, 1, 2, DenseType.F16),
  Q4_0(2, 32, 18, DenseType.Q4_0),
  Q4_1(3, 32, 20, DenseType.Q4_1),
  Q5_0(6, 32, 22, DenseType.Q5_0),
  Q5_1(7, 32, 24, DenseType.Q5_1),
  Q8_0(8, 32, 34, DenseType.Q8_0),
  Q8_1(9, 32, 36),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144, DenseType.Q4_K),
  Q5_K(13, 256, 176, DenseType.Q5_K),
  Q6_K(14, 256, 210, DenseType.Q6_K),
  Q8_K(15, 256, 292),
  IQ2_XXS(16, 256, 66),
  IQ2_XS(17, 256, 74),
  IQ3_XXS(18, 256, 98),
  IQ1_S(19, 256, 50),
  IQ4_NL(20, 32, 18),
  IQ3_S(21, 256, 110),
  IQ2_S(22, 256, 82),
  IQ4_XS(23, 256, 136),
  I8(24, 1, 1),
  I16(25, 1, 2),
  I32(26, 1, 4),
  I64(27, 1, 8),
  F64(28, 1, 8),
  IQ1_M(29, 256, 56),
  BF16(30, 1, 2, DenseType.BF16),
  TQ1_0(34, 256, 54, TernaryLayout.TQ1_0),
  TQ2_0(35, 256, 66, TernaryLayout.TQ2_0),
  /** Of bitnet.cpp. Its blocks may cross rows, and a scale follows the last one. */
  I2_S(36, 128, 32, TernaryLayout.I2_S),
  /** Of ik_llama.cpp. Each row has its scale before its blocks. */
  IQ1_BN(134, 64, 13, TernaryLayout.IQ1_BN),
  /** Of ik_llama.cpp. Each row has its scale before its blocks. */
  IQ2_BN(135, 64, 16, TernaryLayout.IQ2_BN);

  private static final String USE_ANOTHER = "; use the I2_S file or the Hugging Face directory";

  private static final String GROUPS_OF_BONSAI =
      ", of the Ternary-Bonsai models (Qwen3): trits with a scale for every ";
  private static final String NO_GROUPS = "; only one scale for the whole tensor is supported";

  private static final Map<Long, String> UNKNOWN =
      Map.ofEntries(
          Map.entry(4L, "Q4_2, which was removed from the format"),
          Map.entry(5L, "Q4_3, which was removed from the format"),
          Map.entry(31L, "Q4_0_4_4, which was removed from the format"),
          Map.entry(32L, "Q4_0_4_8, which was removed from the format"),
          Map.entry(33L, "Q4_0_8_8, which was removed from the format"),
          Map.entry(37L, "I8_S, which never belongs into a file"),
          Map.entry(38L, "TL1, whose layout depends on how bitnet.cpp was built" + USE_ANOTHER),
          Map.entry(
              39L, "TL2, whose layout depends on how bitnet.cpp was built, or MXFP4" + USE_ANOTHER),
          Map.entry(40L, "NVFP4, 4-bit floats of models that are not ternary"),
          Map.entry(
              41L, "Q1_0, of the 1-bit Bonsai models (Qwen3): weights of -1 and 1, not trits"),
          Map.entry(42L, "Q2_0" + GROUPS_OF_BONSAI + "64 or 128 weights" + NO_GROUPS),
          Map.entry(
              43L,
              "a type that engines use differently, such as TURBO3_0 or Q4_0_AR16, none of them"
                  + " ternary"),
          Map.entry(142L, "PQ2_0" + GROUPS_OF_BONSAI + "128 weights" + NO_GROUPS),
          Map.entry(143L, "PTQ1_0" + GROUPS_OF_BONSAI + "128 weights" + NO_GROUPS),
          Map.entry(335L, "IQ2_BN_R4, which only ik_llama.cpp uses" + USE_ANOTHER));

  private final int id;
  private final int blockSize;
  private final int blockBytes;
  private final Optional<DenseType> dense;
  private final Optional<TernaryLayout> ternary;

  GgufType(int id, int blockSize, int blockBytes) {
    this(id, blockSize, blockBytes, Optional.empty(), Optional.empty());
  }

  GgufType(int id, int blockSize, int blockBytes, DenseType dense) {
    this(id, blockSize, blockBytes, Optional.of(dense), Optional.empty());
  }

  GgufType(int id, int blockSize, int blockBytes, TernaryLayout ternary) {
    this(id, blockSize, blockBytes, Optional.empty(), Optional.of(ternary));
  }

  GgufType(
      int id,
      int blockSize,
      int blockBytes,
      Optional<DenseType> dense,
      Optional<TernaryLayout> ternary) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
    this.dense = dense;
    this.ternary = ternary;
  }

  /** Returns the type of a number, if it is known. */
  static Optional<GgufType> of(long id) {
    for (GgufType type : values()) {
      if (type.id == id) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /** Returns the type of a dense matrix. */
  public static GgufType of(DenseType dense) {
    for (GgufType type : values()) {
      if (type.dense.equals(Optional.of(dense))) {
        return type;
      }
    }
    throw new AssertionError(dense);
  }

  /** Returns a description of a number that is not a supported type, for messages. */
  static String explainUnknown(long id) {
    return "type " + id + ": " + UNKNOWN.getOrDefault(id, "an unknown type");
  }

  /** Returns the number that stands for it in files. */
  public int id() {
    return id;
  }

  /** Returns the number of weights that rows must be a multiple of. */
  public int blockSize() {
    return blockSize;
  }

  /** Returns how the values of a dense matrix are stored, if they are of this type. */
  public Optional<DenseType> dense() {
    return dense;
  }

  /** Returns how trits are laid out, if this is a ternary type. */
  public Optional<TernaryLayout> ternary() {
    return ternary;
  }

  /**
   * Returns the size of a tensor's data.
   *
   * @param rowLength elements of a row
   * @param rows number of rows: the product of all other dimensions
   * @throws ArithmeticException if it overflows
   */
  public long byteSize(long rowLength, long rows) {
    long blocks = Math.multiplyExact(rowLength, rows) / blockSize;
    long bytes = Math.multiplyExact(blocks, (long) blockBytes);
    return switch (this) {
      case I2_S -> Math.addExact(bytes, 32);
      case IQ1_BN -> Math.addExact(bytes, Math.multiplyExact(rows, 2L));
      case IQ2_BN -> Math.addExact(bytes, Math.multiplyExact(rows, 4L));
      default -> bytes;
    };
  }

  /** Returns whether the elements fill whole blocks. */
  boolean fits(long rowLength, long elements) {
    return (this == I2_S ? elements : rowLength) % blockSize == 0;
  }
}
