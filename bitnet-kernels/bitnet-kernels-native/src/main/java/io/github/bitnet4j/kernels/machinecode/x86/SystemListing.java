package io.github.bitnet4j.kernels.machinecode.x86;

/** Small functions that ask the processor and the system; arguments as {@link Listing} states. */
final class SystemListing {
  private SystemListing() {}

  /** Returns code for {@code cpuid}: c receives four 32-bit registers; the leaf, the subleaf. */
  static byte[] cpuid() {
    X86Assembler asm = new X86Assembler();
    asm.push(Gp.RBX);
    asm.mov(Gp.RAX, Listing.P0);
    asm.mov(Gp.RCX, Listing.P1);
    asm.mov(Gp.R10, Listing.C);
    asm.cpuid();
    asm.movStore32(Mem.at(Gp.R10), Gp.RAX);
    asm.movStore32(Mem.at(Gp.R10, 4), Gp.RBX);
    asm.movStore32(Mem.at(Gp.R10, 8), Gp.RCX);
    asm.movStore32(Mem.at(Gp.R10, 12), Gp.RDX);
    asm.pop(Gp.RBX);
    asm.ret();
    return asm.code();
  }

  /** Returns code for the lower half of XCR0: the register states that the system saves. */
  static byte[] xgetbv() {
    X86Assembler asm = new X86Assembler();
    asm.xor(Gp.RCX, Gp.RCX);
    asm.xgetbv();
    asm.ret();
    return asm.code();
  }

  /** Returns code for a call of the Linux kernel: its number, and two arguments. */
  static byte[] systemCall() {
    X86Assembler asm = new X86Assembler();
    asm.mov(Gp.RAX, Listing.P0);
    asm.mov(Gp.RDI, Listing.P1);
    asm.mov(Gp.RSI, Mem.at(Gp.RSP, Long.BYTES));
    asm.syscall();
    asm.ret();
    return asm.code();
  }
}
