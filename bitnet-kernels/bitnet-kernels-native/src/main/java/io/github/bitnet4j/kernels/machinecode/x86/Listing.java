package io.github.bitnet4j.kernels.machinecode.x86;

import static io.github.bitnet4j.kernels.machinecode.x86.VectorOp.*;

import io.github.bitnet4j.kernels.machinecode.x86.X86Assembler.Condition;
import io.github.bitnet4j.kernels.machinecode.x86.X86Assembler.Label;

/**
 * What the listings of all kernels share. A kernel is a function {@code long kernel(a, b, c, d, p0,
 * ..., p4)} in the calling convention of System V: four addresses and five numbers of 64 bits.
 */
abstract class Listing {
  static final Gp A = Gp.RDI;
  static final Gp B = Gp.RSI;
  static final Gp C = Gp.RDX;
  static final Gp D = Gp.RCX;
  static final Gp P0 = Gp.R8;
  static final Gp P1 = Gp.R9;
  static final Gp P2 = Gp.R10;
  static final Gp P3 = Gp.R11;
  static final Gp P4 = Gp.RAX;

  /** Registers of the caller, which a kernel may use since the prologue saves them. */
  private static final Gp[] SAVED = {Gp.RBX, Gp.RBP, Gp.R12, Gp.R13, Gp.R14, Gp.R15};

  final X86Assembler asm = new X86Assembler();
  final Level level;

  /** Bytes of a vector register. */
  final int bytes;

  /** Registers that hold the 16 accumulators of a lane sum. */
  final int halves;

  Listing(Level level) {
    this.level = level;
    bytes = level.bits() / 8;
    halves = 512 / level.bits();
  }

  /** Returns a vector register of the level's width. */
  final Vec v(int number) {
    return new Vec(number, level.bits());
  }

  static Vec xmm(int number) {
    return new Vec(number, 128);
  }

  static Vec ymm(int number) {
    return new Vec(number, 256);
  }

  /** Saves registers, loads the last three arguments, and makes room on the stack. */
  final void prologue(int stackBytes) {
    for (Gp register : SAVED) {
      asm.push(register);
    }
    int arguments = (SAVED.length + 1) * Long.BYTES;
    asm.mov(P2, Mem.at(Gp.RSP, arguments));
    asm.mov(P3, Mem.at(Gp.RSP, arguments + 8));
    asm.mov(P4, Mem.at(Gp.RSP, arguments + 16));
    asm.sub(Gp.RSP, stackBytes);
  }

  /** Undoes {@link #prologue} and returns. */
  final byte[] epilogue(int stackBytes) {
    asm.add(Gp.RSP, stackBytes);
    for (int i = SAVED.length - 1; i >= 0; i--) {
      asm.pop(SAVED[i]);
    }
    asm.vzeroupper();
    asm.ret();
    return asm.code();
  }

  final void zero(Vec register) {
    asm.vector(VPXOR, register, register, register);
  }

  /** Copies a 32-bit constant into all lanes. */
  final void constant(Vec to, int value, Gp temporary) {
    asm.mov32(temporary, value);
    broadcast(to, temporary);
  }

  /** Copies the lower 32 bits of a register into all lanes. */
  final void broadcast(Vec to, Gp from) {
    asm.vmovd(to.as(128), from);
    asm.vector(VPBROADCASTD, to, to.as(128));
  }

  /** A loop that counts a register up from 0 while it is below another one. */
  final void loopBelow(Gp counter, Gp end, int step, Runnable body) {
    Label start = new Label();
    Label done = new Label();
    asm.xor(counter, counter);
    asm.cmp(counter, end);
    asm.jump(Condition.GREATER_OR_EQUAL, done);
    asm.bind(start);
    body.run();
    asm.add(counter, step);
    asm.cmp(counter, end);
    asm.jump(Condition.LESS, start);
    asm.bind(done);
  }

  /**
   * Adds the ints of each of four registers: the four sums are the lanes of the first register's
   * lower 128 bits. Overwrites the four and the temporary.
   */
  final void sumInts(int r0, int r1, int r2, int r3, int temporary) {
    Vec t = v(temporary);
    asm.vector(VPUNPCKHDQ, t, v(r0), v(r1));
    asm.vector(VPUNPCKLDQ, v(r0), v(r0), v(r1));
    asm.vector(VPADDD, v(r0), v(r0), t);
    asm.vector(VPUNPCKHDQ, t, v(r2), v(r3));
    asm.vector(VPUNPCKLDQ, v(r2), v(r2), v(r3));
    asm.vector(VPADDD, v(r2), v(r2), t);
    asm.vector(VPUNPCKHQDQ, t, v(r0), v(r2));
    asm.vector(VPUNPCKLQDQ, v(r0), v(r0), v(r2));
    asm.vector(VPADDD, v(r0), v(r0), t);
    if (level.bits() == 512) {
      asm.vector(VEXTRACTI64X4, v(r0), ymm(temporary), 1);
      asm.vector(VPADDD, ymm(r0), ymm(r0), ymm(temporary));
    }
    asm.vector(VEXTRACTI128, ymm(r0), xmm(temporary), 1);
    asm.vector(VPADDD, xmm(r0), xmm(r0), xmm(temporary));
  }

  /**
   * Adds the floats of each of four lane sums, in the order of the contract: the four totals are
   * the lanes of the first register's lower 128 bits. With 256 bits the accumulators 8 to 15 have
   * been added to the others before. Overwrites the four and the temporary.
   */
  final void totals(int r0, int r1, int r2, int r3, int temporary) {
    fold(r0, temporary);
    fold(r1, temporary);
    fold(r2, temporary);
    fold(r3, temporary);
    Vec t = xmm(temporary);
    asm.vector(VPUNPCKHDQ, t, xmm(r0), xmm(r1)); // a2 b2 a3 b3
    asm.vector(VPUNPCKLDQ, xmm(r0), xmm(r0), xmm(r1)); // a0 b0 a1 b1
    asm.vector(VADDPS, xmm(r0), xmm(r0), t);
    asm.vector(VPUNPCKHDQ, t, xmm(r2), xmm(r3));
    asm.vector(VPUNPCKLDQ, xmm(r2), xmm(r2), xmm(r3));
    asm.vector(VADDPS, xmm(r2), xmm(r2), t);
    asm.vector(VPUNPCKHQDQ, t, xmm(r0), xmm(r2)); // a1+a3 b c d
    asm.vector(VPUNPCKLQDQ, xmm(r0), xmm(r0), xmm(r2)); // a0+a2 b c d
    asm.vector(VADDPS, xmm(r0), xmm(r0), t);
  }

  /** Adds accumulators 8 to 15 to 0 to 7 (with 512 bits), then 4 to 7 to 0 to 3. */
  final void fold(int register, int temporary) {
    if (level.bits() == 512) {
      asm.vector(VEXTRACTI64X4, v(register), ymm(temporary), 1);
      asm.vector(VADDPS, ymm(register), ymm(register), ymm(temporary));
    }
    asm.vector(VEXTRACTI128, ymm(register), xmm(temporary), 1);
    asm.vector(VADDPS, xmm(register), xmm(register), xmm(temporary));
  }
}
