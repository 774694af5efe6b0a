package io.github.bitnet4j.core.format;

import io.github.bitnet4j.spi.DenseType;
import java.util.Optional;

/** Element types of safetensors files. */
public enum DType {
  BOOL(1),
  U8(1),
  I8(1),
  F8_E4M3(1),
  F8_E5M2(1),
  U16(2),
  I16(2),
  F16(2),
  BF16(2),
  U32(4),
  I32(4),
  F32(4),
  U64(8),
  I64(8),
  F64(8);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /**
   * Returns the type of a dense weight.
   *
   * @param dense F32, F16 or BF16
   */
  public static DType of(DenseType dense) {
    return switch (dense) {
      case F32 -> F32;
      case F16 -> F16;
      case BF16 -> BF16;
      default -> throw new IllegalArgumentException("dense: expected plain floats, found " + dense);
    };
  }

  /** Returns the size of an element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Returns the type of a dense weight, if this is one. */
  public Optional<DenseType> dense() {
    return switch (this) {
      case F32 -> Optional.of(DenseType.F32);
      case F16 -> Optional.of(DenseType.F16);
      case BF16 -> Optional.of(DenseType.BF16);
      default -> Optional.empty();
    };
  }
}
