package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.spi.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register width of this JVM, and how the 16 accumulators of a lane sum (see {@link Kernels})
 * lie in registers: 1 of 512 bits, 2 of 256 or 4 of 128. All are constants to the compiler, so code
 * for other widths disappears.
 */
final class Lanes {
  /** Bits per register. */
  static final int BITS = VectorWidth.bits();

  /** Full registers of floats. */
  static final VectorSpecies<Float> FLOATS = species(float.class, BITS);

  /** Full registers of ints. */
  static final VectorSpecies<Integer> INTS = species(int.class, BITS);

  /** Floats per register: 16, 8 or 4. */
  static final int WIDTH = FLOATS.length();

  /** Accumulators of a lane sum. */
  static final int SUM = 16;

  /** Registers that hold the accumulators of a lane sum: 1, 2 or 4. */
  static final int REGISTERS = SUM / WIDTH;

  private static final VectorShuffle<Float> DOWN_8 = VectorShuffle.iota(FLOATS, 8, 1, true);
  private static final VectorShuffle<Float> DOWN_4 = VectorShuffle.iota(FLOATS, 4, 1, true);
  private static final VectorShuffle<Float> DOWN_2 = VectorShuffle.iota(FLOATS, 2, 1, true);
  private static final VectorShuffle<Float> DOWN_1 = VectorShuffle.iota(FLOATS, 1, 1, true);

  private Lanes() {}

  static <E> VectorSpecies<E> species(Class<E> element, int bits) {
    return VectorSpecies.of(element, VectorShape.forBitSize(bits));
  }

  /** Adds the 16 accumulators at the offset in the order of the contract. */
  static float total(float[] sums, int offset) {
    FloatVector v = FloatVector.fromArray(FLOATS, sums, offset);
    if (REGISTERS == 2) {
      v = v.add(FloatVector.fromArray(FLOATS, sums, offset + 8));
    } else if (REGISTERS == 4) {
      FloatVector upper = FloatVector.fromArray(FLOATS, sums, offset + 4);
      v = v.add(FloatVector.fromArray(FLOATS, sums, offset + 8));
      v = v.add(upper.add(FloatVector.fromArray(FLOATS, sums, offset + 12)));
    }
    if (WIDTH > 8) {
      v = v.add(v.rearrange(DOWN_8));
    }
    if (WIDTH > 4) {
      v = v.add(v.rearrange(DOWN_4));
    }
    v = v.add(v.rearrange(DOWN_2));
    v = v.add(v.rearrange(DOWN_1));
    return v.lane(0);
  }
}
