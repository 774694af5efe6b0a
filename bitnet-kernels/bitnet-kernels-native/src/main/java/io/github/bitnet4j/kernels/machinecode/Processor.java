package io.github.bitnet4j.kernels.machinecode;

import io.github.bitnet4j.kernels.machinecode.x86.Level;
import io.github.bitnet4j.kernels.machinecode.x86.X86Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.Set;

/** The instruction sets that the processor has and the system supports, for x86-64. */
final class Processor {
  private static final int ARCH_PRCTL = 158;
  private static final int ARCH_REQ_XCOMP_PERM = 0x1023;
  private static final int XFEATURE_XTILEDATA = 18;

  private static final long AVX_STATE = 0x6;
  private static final long AVX512_STATE = 0xE0;
  private static final long TILE_STATE = 0x60000;

  private final CodeMemory code = new CodeMemory(X86Kernels.system());

  private record Registers(int eax, int ebx, int ecx, int edx) {}

  private Processor() {}

  /**
   * Returns the levels that can be used. Asks the system for permission to use tiles, which it
   * wants once in a process.
   */
  static Set<Level> levels() {
    return new Processor().find();
  }

  private Set<Level> find() {
    Set<Level> found = EnumSet.noneOf(Level.class);
    Registers features = cpuid(1, 0);
    boolean savesAvx = has(features.ecx, 27) && (states() & AVX_STATE) == AVX_STATE;
    if (!savesAvx || !has(features.ecx, 12) || !has(features.ecx, 29) || cpuid(0, 0).eax < 7) {
      return found; // FMA and F16C
    }
    Registers extended = cpuid(7, 0);
    Registers more = extended.eax > 0 ? cpuid(7, 1) : new Registers(0, 0, 0, 0);
    if (has(extended.ebx, 5)) {
      found.add(Level.AVX2);
      if (has(more.eax, 4)) {
        found.add(Level.AVXVNNI);
      }
    }
    boolean avx512 = has(extended.ebx, 16) && has(extended.ebx, 17) && has(extended.ebx, 30);
    boolean avx512Vnni = avx512 && has(extended.ebx, 31) && has(extended.ecx, 11);
    if (avx512Vnni && (states() & AVX512_STATE) == AVX512_STATE) {
      found.add(Level.AVX512VNNI);
      boolean tiles = has(extended.edx, 24) && has(extended.edx, 25);
      if (tiles && (states() & TILE_STATE) == TILE_STATE && mayUseTiles()) {
        found.add(Level.AMX);
      }
    }
    return found;
  }

  private static boolean has(int register, int bit) {
    return (register >>> bit & 1) != 0;
  }

  private Registers cpuid(int leaf, int subleaf) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT, 4);
      call("cpuid", out, leaf, subleaf, 0);
      return new Registers(
          out.getAtIndex(ValueLayout.JAVA_INT, 0),
          out.getAtIndex(ValueLayout.JAVA_INT, 1),
          out.getAtIndex(ValueLayout.JAVA_INT, 2),
          out.getAtIndex(ValueLayout.JAVA_INT, 3));
    }
  }

  private long states() {
    return call("xgetbv", MemorySegment.NULL, 0, 0, 0);
  }

  private boolean mayUseTiles() {
    long failed =
        call("systemCall", MemorySegment.NULL, ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA);
    return failed == 0;
  }

  private long call(String function, MemorySegment out, long p0, long p1, long p2) {
    MemorySegment none = MemorySegment.NULL;
    return CodeMemory.call(code.function(function), none, none, out, none, p0, p1, p2, 0, 0);
  }
}
