package io.github.bitnet4j.kernels.vector;

import java.util.List;
import java.util.Optional;
import jdk.incubator.vector.VectorShape;

/** Decides how wide the registers are that the kernels use. */
final class VectorWidth {
  private static final String PROPERTY = "bitnet4j.vector.bits";

  /**
   * For tests: lets the kernels use registers that the machine lacks. The Vector API emulates them,
   * many times slower than plain loops.
   */
  private static final String EMULATED = "bitnet4j.vector.emulated";

  private static final List<String> WIDTHS = List.of("128", "256", "512");

  private VectorWidth() {}

  /** Returns why no width fits; empty if {@link #bits} is usable. */
  static Optional<String> unavailableReason() {
    // If it is not set, any width will do.
    return unavailableReason(
        System.getProperty(PROPERTY, "128"), Boolean.getBoolean(EMULATED) ? 512 : preferredBits());
  }

  /** Returns 128, 256 or 512. */
  static int bits() {
    return Integer.getInteger(PROPERTY, widest(preferredBits()));
  }

  /**
   * Returns why the kernels cannot use registers of the requested width.
   *
   * @param requested the value of the property
   * @param available the width of the registers that the JVM prefers
   */
  static Optional<String> unavailableReason(String requested, int available) {
    if (available < 128) {
      return Optional.of(
          "needs vector registers of at least 128 bits, this JVM uses %d".formatted(available));
    }
    if (!WIDTHS.contains(requested)) {
      return Optional.of(
          "system property %s: expected 128, 256 or 512, found \"%s\""
              .formatted(PROPERTY, requested));
    }
    if (Integer.parseInt(requested) > available) {
      return Optional.of(
          "system property %s: this JVM has registers of %d bits, found %s; ask for at most %d"
              .formatted(PROPERTY, available, requested, widest(available)));
    }
    return Optional.empty();
  }

  private static int preferredBits() {
    return VectorShape.preferredShape().vectorBitSize();
  }

  private static int widest(int available) {
    return available >= 512 ? 512 : available >= 256 ? 256 : 128;
  }
}
