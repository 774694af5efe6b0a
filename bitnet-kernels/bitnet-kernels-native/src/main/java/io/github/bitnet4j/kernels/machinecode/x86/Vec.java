package io.github.bitnet4j.kernels.machinecode.x86;

/**
 * A vector register.
 *
 * @param number from 0 to 31; from 16 on with AVX-512 only
 * @param bits 128, 256 or 512
 */
record Vec(int number, int bits) implements Operand {
  Vec {
    if (number < 0 || number > 31 || (bits != 128 && bits != 256 && bits != 512)) {
      throw new IllegalArgumentException("no register " + number + " of " + bits + " bits");
    }
  }

  /** Returns the register of another width with the same number. */
  Vec as(int otherBits) {
    return new Vec(number, otherBits);
  }
}
