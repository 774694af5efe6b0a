package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
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

  private static final VectorSpecies<Short> HALVES = species(short.class, BITS / 2);

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

  /**
   * Adds the 16 accumulators at the offset in the order of the contract. In plain code: vectors
   * that are passed to a method are objects on the heap, unless the compiler happens to inline it.
   */
  static float total(float[] sums, int offset) {
    float s0 = sums[offset] + sums[offset + 8];
    float s1 = sums[offset + 1] + sums[offset + 9];
    float s2 = sums[offset + 2] + sums[offset + 10];
    float s3 = sums[offset + 3] + sums[offset + 11];
    float s4 = sums[offset + 4] + sums[offset + 12];
    float s5 = sums[offset + 5] + sums[offset + 13];
    float s6 = sums[offset + 6] + sums[offset + 14];
    float s7 = sums[offset + 7] + sums[offset + 15];
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
  }

  /** Adds the 16 accumulators in the first {@link #REGISTERS} registers. */
  static float total(FloatVector s0, FloatVector s1, FloatVector s2, FloatVector s3) {
    FloatVector v = s0;
    if (REGISTERS == 2) {
      v = s0.add(s1);
    } else if (REGISTERS == 4) {
      v = s0.add(s2).add(s1.add(s3));
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

  static FloatVector loadF16(MemorySegment data, long offset) {
    return scaled(loadShorts(data, offset).lanewise(VectorOperators.LSHL, 13));
  }

  /** Reads the half floats in the upper halves of lanes. */
  static FloatVector halves(IntVector lanes) {
    return scaled(lanes.lanewise(VectorOperators.ASHR, 3));
  }

  /**
   * Makes floats of half floats whose exponent and mantissa are at the places of a float, and whose
   * sign is too, with copies of it or others' bits in between. As a float that is the value times
   * 2^-112, also for subnormals; undoing it is exact.
   */
  private static FloatVector scaled(IntVector halves) {
    return halves.and(0x8FFFE000).reinterpretAsFloats().mul(0x1p112f);
  }

  static IntVector loadShorts(MemorySegment data, long offset) {
    return ShortVector.fromMemorySegment(HALVES, data, offset, ByteOrder.LITTLE_ENDIAN)
        .convertShape(VectorOperators.S2I, INTS, 0)
        .reinterpretAsInts();
  }
}
