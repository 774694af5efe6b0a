package io.github.bitnet4j.kernels.machinecode.x86;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes x86-64 machine code into memory of its own. Operands stand in the order of Intel's
 * manuals: the destination first. Jumps have 32-bit distances, so that code is position-independent
 * and a label may be bound before or after the jumps to it.
 */
final class X86Assembler {
  /** A place in the code. */
  static final class Label {
    private int position = -1;
    private final List<Integer> distances = new ArrayList<>();
  }

  /** Conditions of jumps, by their number in machine code, for unsigned and signed numbers. */
  enum Condition {
    BELOW(0x2),
    ABOVE_OR_EQUAL(0x3),
    EQUAL(0x4),
    NOT_EQUAL(0x5),
    LESS(0xC),
    GREATER_OR_EQUAL(0xD);

    private final int code;

    Condition(int code) {
      this.code = code;
    }
  }

  private byte[] code = new byte[1024];
  private int size;

  /** Returns the code; all labels that are jumped to must be bound. */
  byte[] code() {
    return Arrays.copyOf(code, size);
  }

  // ---- general-purpose instructions, 64 bits unless the name says otherwise

  void mov(Gp to, Gp from) {
    rexRegister(from, to, 0x89);
  }

  /** Copies the lower 32 bits; the upper half becomes 0. */
  void mov32(Gp to, Gp from) {
    rexByte(0, from.number, 0, to.number, false);
    emit(0x89);
    emit(0xC0 | (from.number & 7) << 3 | to.number & 7);
  }

  void mov(Gp to, Mem from) {
    rexMemory(1, to.number, from, 0x8B);
  }

  /** Stores the lower 32 bits. */
  void movStore32(Mem to, Gp from) {
    rexMemory(0, from.number, to, 0x89);
  }

  void movStore64(Mem to, Gp from) {
    rexMemory(1, from.number, to, 0x89);
  }

  /** Loads 32 bits and extends their sign. */
  void movsxd(Gp to, Mem from) {
    rexMemory(1, to.number, from, 0x63);
  }

  /** Loads a 32-bit constant; the upper half becomes 0. */
  void mov32(Gp to, int value) {
    rexByte(0, 0, 0, to.number, false);
    emit(0xB8 | to.number & 7);
    emitInt(value);
  }

  void lea(Gp to, Mem from) {
    rexMemory(1, to.number, from, 0x8D);
  }

  void add(Gp to, Gp from) {
    rexRegister(from, to, 0x01);
  }

  void sub(Gp to, Gp from) {
    rexRegister(from, to, 0x29);
  }

  void cmp(Gp left, Gp right) {
    rexRegister(right, left, 0x39);
  }

  void xor(Gp to, Gp from) {
    rexRegister(from, to, 0x31);
  }

  void imul(Gp to, Gp from) {
    rexByte(1, to.number, 0, from.number, true);
    emit(0x0F);
    emit(0xAF);
    emit(0xC0 | (to.number & 7) << 3 | from.number & 7);
  }

  void add(Gp to, int value) {
    immediate(to, 0, value);
  }

  void and(Gp to, int value) {
    immediate(to, 4, value);
  }

  void sub(Gp to, int value) {
    immediate(to, 5, value);
  }

  void cmp(Gp left, int value) {
    immediate(left, 7, value);
  }

  void shl(Gp to, int bits) {
    shift(to, 4, bits);
  }

  void shr(Gp to, int bits) {
    shift(to, 5, bits);
  }

  void push(Gp register) {
    rexByte(0, 0, 0, register.number, false);
    emit(0x50 | register.number & 7);
  }

  void pop(Gp register) {
    rexByte(0, 0, 0, register.number, false);
    emit(0x58 | register.number & 7);
  }

  void ret() {
    emit(0xC3);
  }

  void cpuid() {
    emit(0x0F, 0xA2);
  }

  void xgetbv() {
    emit(0x0F, 0x01, 0xD0);
  }

  void syscall() {
    emit(0x0F, 0x05);
  }

  /** Asks for a cache line; an address that cannot be read is ignored. */
  void prefetch(Mem place) {
    rexPrefix(0, 1, place);
    emit(0x0F, 0x18);
    modRm(1, place, false);
  }

  void bind(Label label) {
    label.position = size;
    for (int at : label.distances) {
      putInt(at, label.position - (at + Integer.BYTES));
    }
  }

  void jump(Label label) {
    emit(0xE9);
    distance(label);
  }

  void jump(Condition condition, Label label) {
    emit(0x0F, 0x80 | condition.code);
    distance(label);
  }

  private void distance(Label label) {
    label.distances.add(size);
    emitInt(label.position < 0 ? 0 : label.position - (size + Integer.BYTES));
  }

  // ---- vector instructions

  /** Two operands: {@code to = op(from)}; a store has the register first, too. */
  void vector(VectorOp op, Vec register, Operand other) {
    encode(op, register.bits(), register.number(), 0, other, -1);
  }

  /** Three operands: {@code to = op(left, right)}, or op(to, left, right). */
  void vector(VectorOp op, Vec to, Vec left, Operand right) {
    encode(op, to.bits(), to.number(), left.number(), right, -1);
  }

  /** Two operands and a constant. */
  void vector(VectorOp op, Vec register, Operand other, int constant) {
    encode(op, register.bits(), register.number(), 0, other, constant);
  }

  /** Three operands and a constant. */
  void vector(VectorOp op, Vec to, Vec left, Operand right, int constant) {
    encode(op, to.bits(), to.number(), left.number(), right, constant);
  }

  /** Shifts 16-bit lanes right, filling with zeros. */
  void vpsrlw(Vec to, Vec from, int bits) {
    encode(VectorOp.VPSLLW_IMM, to.bits(), 2, to.number(), from, bits);
  }

  /** Shifts 16-bit lanes right, filling with the sign. */
  void vpsraw(Vec to, Vec from, int bits) {
    encode(VectorOp.VPSLLW_IMM, to.bits(), 4, to.number(), from, bits);
  }

  /** Shifts 16-bit lanes left. */
  void vpsllw(Vec to, Vec from, int bits) {
    encode(VectorOp.VPSLLW_IMM, to.bits(), 6, to.number(), from, bits);
  }

  /** Shifts 32-bit lanes right, filling with the sign. */
  void vpsrad(Vec to, Vec from, int bits) {
    encode(VectorOp.VPSLLD_IMM, to.bits(), 4, to.number(), from, bits);
  }

  /** Shifts 32-bit lanes left. */
  void vpslld(Vec to, Vec from, int bits) {
    encode(VectorOp.VPSLLD_IMM, to.bits(), 6, to.number(), from, bits);
  }

  /** Copies the lower 32 bits of a general-purpose register into lane 0; the others become 0. */
  void vmovd(Vec to, Gp from) {
    encode(VectorOp.VMOVD_FROM_GP, 128, to.number(), 0, new Vec(from.number, 128), -1);
  }

  /** Copies lane 0, 32 bits. */
  void vmovd(Gp to, Vec from) {
    encode(VectorOp.VMOVD_TO_GP, 128, from.number(), 0, new Vec(to.number, 128), -1);
  }

  /** Clears the upper halves of all registers, as the calling conventions want it. */
  void vzeroupper() {
    emit(0xC5, 0xF8, 0x77);
  }

  // ---- AMX

  /** Loads the shapes of the tiles. */
  void ldtilecfg(Mem from) {
    vex(0, 2, 0, 0, 0, 0, from);
    emit(0x49);
    modRm(0, from, false);
  }

  void tilerelease() {
    emit(0xC4, 0xE2, 0x78, 0x49, 0xC0);
  }

  void tilezero(int tile) {
    emit(0xC4, 0xE2, 0x7B, 0x49, 0xC0 | tile << 3);
  }

  /** Loads a tile; the index register holds the distance of its rows. */
  void tileloadd(int tile, Mem from) {
    vex(3, 2, 0, 0, tile, 0, from);
    emit(0x4B);
    modRm(tile, from, true);
  }

  /** Stores a tile; the index register holds the distance of its rows. */
  void tilestored(Mem to, int tile) {
    vex(2, 2, 0, 0, tile, 0, to);
    emit(0x4B);
    modRm(tile, to, true);
  }

  /** Adds products of signed bytes of {@code left} and unsigned bytes of {@code right}. */
  void tdpbsud(int to, int left, int right) {
    vex(2, 2, 0, 0, to, right, new Vec(left, 128));
    emit(0x5E);
    emit(0xC0 | to << 3 | left);
  }

  // ---- encoding

  private void encode(VectorOp op, int bits, int reg, int vvvv, Operand other, int constant) {
    int rm = other instanceof Vec register ? register.number() : 0;
    int width = Math.max(bits, other instanceof Vec register ? register.bits() : 0);
    boolean broadcast = other instanceof Mem place && place.broadcast();
    boolean wide = width == 512 || reg > 15 || vvvv > 15 || rm > 15 || broadcast;
    if ((wide ? op.evexW : op.vexW) < 0) {
      throw new IllegalArgumentException(op + " has no form for " + width + " bits");
    }
    if (wide) {
      evex(op, width, reg, vvvv, other, broadcast);
    } else {
      vex(op.prefix, op.map, op.vexW, width == 256 ? 1 : 0, reg, vvvv, other);
    }
    emit(op.opcode);
    switch (other) {
      case Vec register -> emit(0xC0 | (reg & 7) << 3 | register.number() & 7);
      // A short displacement would be scaled in an EVEX instruction.
      case Mem place -> modRm(reg, place, wide);
    }
    if (constant >= 0) {
      emit(constant);
    }
  }

  private void vex(int prefix, int map, int w, int length, int reg, int vvvv, Operand other) {
    emit(0xC4);
    emit(inverted(reg, 7) | invertedX(other) | invertedB(other) | map);
    emit(w << 7 | (~vvvv & 15) << 3 | length << 2 | prefix);
  }

  private void evex(VectorOp op, int bits, int reg, int vvvv, Operand other, boolean broadcast) {
    emit(0x62);
    int highRegister = (~reg >> 4 & 1) << 4;
    int x = other instanceof Vec register ? (~register.number() >> 4 & 1) << 6 : invertedX(other);
    emit(inverted(reg, 7) | x | invertedB(other) | highRegister | op.map);
    emit(op.evexW << 7 | (~vvvv & 15) << 3 | 4 | op.prefix);
    int length = bits == 512 ? 2 : bits == 256 ? 1 : 0;
    emit(length << 5 | (broadcast ? 1 << 4 : 0) | (~vvvv >> 4 & 1) << 3);
  }

  private static int inverted(int register, int bit) {
    return (~register >> 3 & 1) << bit;
  }

  private static int invertedX(Operand other) {
    return other instanceof Mem place && place.index() != null
        ? inverted(place.index().number, 6)
        : 1 << 6;
  }

  private static int invertedB(Operand other) {
    return switch (other) {
      case Vec register -> inverted(register.number(), 5);
      case Mem place -> inverted(place.base().number, 5);
    };
  }

  private void rexRegister(Gp reg, Gp rm, int opcode) {
    rexByte(1, reg.number, 0, rm.number, true);
    emit(opcode);
    emit(0xC0 | (reg.number & 7) << 3 | rm.number & 7);
  }

  private void rexMemory(int w, int reg, Mem place, int opcode) {
    rexPrefix(w, reg, place);
    emit(opcode);
    modRm(reg, place, false);
  }

  private void rexPrefix(int w, int reg, Mem place) {
    int index = place.index() == null ? 0 : place.index().number;
    rexByte(w, reg, index, place.base().number, false);
  }

  private void rexByte(int w, int reg, int index, int rm, boolean always) {
    int bits = w << 3 | reg >> 3 << 2 | index >> 3 << 1 | rm >> 3;
    if (always || bits != 0) {
      emit(0x40 | bits);
    }
  }

  private void immediate(Gp to, int digit, int value) {
    rexByte(1, 0, 0, to.number, true);
    emit(0x81);
    emit(0xC0 | digit << 3 | to.number & 7);
    emitInt(value);
  }

  private void shift(Gp to, int digit, int bits) {
    rexByte(1, 0, 0, to.number, true);
    emit(0xC1);
    emit(0xC0 | digit << 3 | to.number & 7);
    emit(bits);
  }

  /**
   * Writes the bytes that name a place in memory.
   *
   * @param longForm whether the displacement takes 32 bits even if it is small
   */
  private void modRm(int reg, Mem place, boolean longForm) {
    int base = place.base().number & 7;
    int displacement = place.displacement();
    boolean needsIndexByte = place.index() != null || base == Gp.RSP.number;
    int mod;
    if (displacement == 0 && base != Gp.RBP.number) {
      mod = 0;
    } else {
      mod = !longForm && displacement == (byte) displacement ? 1 : 2;
    }
    emit(mod << 6 | (reg & 7) << 3 | (needsIndexByte ? 4 : base));
    if (needsIndexByte) {
      int index = place.index() == null ? Gp.RSP.number : place.index().number & 7;
      emit(Integer.numberOfTrailingZeros(place.scale()) << 6 | index << 3 | base);
    }
    if (mod == 1) {
      emit(displacement);
    } else if (mod == 2) {
      emitInt(displacement);
    }
  }

  private void emit(int... bytes) {
    for (int b : bytes) {
      if (size == code.length) {
        code = Arrays.copyOf(code, 2 * size);
      }
      code[size++] = (byte) b;
    }
  }

  private void emitInt(int value) {
    emit(value, value >> 8, value >> 16, value >> 24);
  }

  private void putInt(int at, int value) {
    for (int i = 0; i < Integer.BYTES; i++) {
      code[at + i] = (byte) (value >> 8 * i);
    }
  }
}
