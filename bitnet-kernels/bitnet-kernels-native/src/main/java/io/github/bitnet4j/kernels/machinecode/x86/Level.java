package io.github.bitnet4j.kernels.machinecode.x86;

/** Instruction sets that kernels are written for, the slowest first. */
public enum Level {
  /** AVX2, FMA and F16C: 256 bits, products of bytes in pairs. */
  AVX2(256, false),
  /** AVX-VNNI beside AVX2: 256 bits, products of bytes in fours. */
  AVXVNNI(256, true),
  /** AVX-512 F, BW, VL, DQ and VNNI: 512 bits. */
  AVX512VNNI(512, true),
  /** AMX tiles of int8 for many tokens, AVX-512 for all else. */
  AMX(512, true);

  private final int bits;
  private final boolean vnni;

  Level(int bits, boolean vnni) {
    this.bits = bits;
    this.vnni = vnni;
  }

  /** Returns the width of the vector registers, in bits. */
  public int bits() {
    return bits;
  }

  /** Returns whether there is an instruction for products of four bytes. */
  boolean vnni() {
    return vnni;
  }

  /** Returns the number of vector registers. */
  int registers() {
    return bits == 512 ? 32 : 16;
  }
}
