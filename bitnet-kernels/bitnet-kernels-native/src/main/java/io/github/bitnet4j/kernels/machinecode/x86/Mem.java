package io.github.bitnet4j.kernels.machinecode.x86;

import org.jspecify.annotations.Nullable;

/**
 * A place in memory: {@code base + index * scale + displacement}.
 *
 * @param index not {@link Gp#RSP}; null for none
 * @param scale 1, 2, 4 or 8
 * @param broadcast whether one 32-bit element there is used for all lanes; with AVX-512 only
 */
record Mem(Gp base, @Nullable Gp index, int scale, int displacement, boolean broadcast)
    implements Operand {
  Mem {
    if (index == Gp.RSP || Integer.bitCount(scale) != 1 || scale < 1 || scale > 8) {
      throw new IllegalArgumentException("no address with index " + index + " times " + scale);
    }
  }

  static Mem at(Gp base) {
    return new Mem(base, null, 1, 0, false);
  }

  static Mem at(Gp base, int displacement) {
    return new Mem(base, null, 1, displacement, false);
  }

  static Mem at(Gp base, Gp index, int scale, int displacement) {
    return new Mem(base, index, scale, displacement, false);
  }

  /** Returns the place that many bytes further on. */
  Mem plus(int bytes) {
    return new Mem(base, index, scale, displacement + bytes, broadcast);
  }

  /** Returns the 32-bit element here, for all lanes. */
  Mem toAllLanes() {
    return new Mem(base, index, scale, displacement, true);
  }
}
