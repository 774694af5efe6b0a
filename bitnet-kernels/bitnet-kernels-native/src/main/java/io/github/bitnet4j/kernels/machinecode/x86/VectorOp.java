package io.github.bitnet4j.kernels.machinecode.x86;

/**
 * Vector instructions: their encoding as the manuals of the processors state it. An instruction of
 * which every operand is one of the first 16 registers, of at most 256 bits, has a VEX prefix, all
 * others an EVEX prefix.
 */
enum VectorOp {
  VMOVUPS(0, 1, 0x10, 0, 0),
  VMOVUPS_STORE(0, 1, 0x11, 0, 0),
  VMOVDQU(2, 1, 0x6F, 0, 0),
  VMOVDQU_STORE(2, 1, 0x7F, 0, 0),
  VADDPS(0, 1, 0x58, 0, 0),
  VMULPS(0, 1, 0x59, 0, 0),
  VSUBPS(0, 1, 0x5C, 0, 0),
  VDIVPS(0, 1, 0x5E, 0, 0),
  VMAXPS(0, 1, 0x5F, 0, 0),
  VFMADD231PS(1, 2, 0xB8, 0, 0),
  VFNMADD231PS(1, 2, 0xBC, 0, 0),
  VFMADD213PS(1, 2, 0xA8, 0, 0),
  VPADDD(1, 1, 0xFE, 0, 0),
  VPADDW(1, 1, 0xFD, 0, 0),
  VPSUBD(1, 1, 0xFA, 0, 0),
  VPAND(1, 1, 0xDB, 0, 0),
  VPOR(1, 1, 0xEB, 0, 0),
  VPXOR(1, 1, 0xEF, 0, 0),
  /** {@code ~left & right}. */
  VPANDN(1, 1, 0xDF, 0, 0),
  VPMAXSD(1, 2, 0x3D, 0, 0),
  VPMADDUBSW(1, 2, 0x04, 0, 0),
  VPMADDWD(1, 1, 0xF5, 0, 0),
  VPDPBUSD(1, 2, 0x50, 0, 0),
  VPUNPCKLDQ(1, 1, 0x62, 0, 0),
  VPUNPCKHDQ(1, 1, 0x6A, 0, 0),
  VPUNPCKLQDQ(1, 1, 0x6C, 0, 1),
  VPUNPCKHQDQ(1, 1, 0x6D, 0, 1),
  VPSRAVD(1, 2, 0x46, 0, 0),
  VPACKSSDW(1, 1, 0x6B, 0, 0),
  VPACKSSWB(1, 1, 0x63, 0, 0),
  /** Converts half floats; the operand has half the width of the result. */
  VCVTPH2PS(1, 2, 0x13, 0, 0),
  VCVTDQ2PS(0, 1, 0x5B, 0, 0),
  /** Rounds floats to ints, halves to even. */
  VCVTPS2DQ(1, 1, 0x5B, 0, 0),
  /** Widens signed bytes to ints; the operand has a quarter of the width of the result. */
  VPMOVSXBD(1, 2, 0x21, 0, 0),
  /** Widens unsigned shorts to ints; the operand has half the width of the result. */
  VPMOVZXWD(1, 2, 0x33, 0, 0),
  VPBROADCASTD(1, 2, 0x58, 0, 0),
  VBROADCASTSS(1, 2, 0x18, 0, 0),
  VMOVD_FROM_GP(1, 1, 0x6E, 0, 0),
  VMOVD_TO_GP(1, 1, 0x7E, 0, 0),
  /** With an immediate: shifts by a constant; the digit that extends the opcode is the first. */
  VPSLLW_IMM(1, 1, 0x71, 0, 0),
  VPSLLD_IMM(1, 1, 0x72, 0, 0),
  VEXTRACTI128(1, 3, 0x39, 0, 0),
  VEXTRACTI64X4(1, 3, 0x3B, -1, 1),
  /** Combines 128-bit lanes of two registers: two of the first, then two of the second. */
  VSHUFI32X4(1, 3, 0x43, -1, 0),
  VPEXTRD(1, 3, 0x16, 0, 0),
  VPERMQ_IMM(1, 3, 0x00, 1, 1),
  VPSHUFD(1, 1, 0x70, 0, 0),
  /** Narrows ints to bytes without saturation, into memory or a register. */
  VPMOVDB(2, 2, 0x31, -1, 0);

  /** 0 for none, 1 for 66, 2 for F3, 3 for F2. */
  final int prefix;

  /** 1 for 0F, 2 for 0F38, 3 for 0F3A. */
  final int map;

  final int opcode;

  /** The W bit of the VEX form; -1 if there is none. */
  final int vexW;

  /** The W bit of the EVEX form; -1 if there is none. */
  final int evexW;

  VectorOp(int prefix, int map, int opcode, int vexW, int evexW) {
    this.prefix = prefix;
    this.map = map;
    this.opcode = opcode;
    this.vexW = vexW;
    this.evexW = evexW;
  }
}
