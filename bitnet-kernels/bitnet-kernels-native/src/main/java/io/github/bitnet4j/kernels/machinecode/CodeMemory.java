package io.github.bitnet4j.kernels.machinecode;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Machine code in memory that is executable and not writable. It is unmapped when nothing refers to
 * it any more. Immutable; safe for use by many threads.
 */
@SuppressWarnings("restricted") // this class is where the module calls native code
final class CodeMemory {
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final long ALIGNMENT = 64;
  private static final long PAGE = 4096;

  /**
   * A class of its own, so that the first call of the system, in a method, reports that native
   * access is denied.
   */
  private static final class Caller {
    /** A call of the code at an address: four addresses, then five numbers; see the listings. */
    private static final MethodHandle CALL =
        Linker.nativeLinker()
            .downcallHandle(
                FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG),
                Linker.Option.critical(true));

    private Caller() {}
  }

  private final Map<String, MemorySegment> functions = new LinkedHashMap<>();

  /**
   * Places code in memory.
   *
   * @param code functions by name; each position-independent
   * @throws IllegalStateException if the system refuses executable memory
   */
  CodeMemory(Map<String, byte[]> code) {
    long size = 0;
    for (byte[] function : code.values()) {
      size += aligned(function.length, ALIGNMENT);
    }
    size = aligned(size, PAGE);
    MemorySegment memory = map(size);
    long at = 0;
    for (Map.Entry<String, byte[]> function : code.entrySet()) {
      byte[] bytes = function.getValue();
      MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, at, bytes.length);
      functions.put(function.getKey(), memory.asSlice(at, bytes.length));
      at += aligned(bytes.length, ALIGNMENT);
    }
    makeExecutable(memory);
  }

  private static long aligned(long size, long unit) {
    return (size + unit - 1) / unit * unit;
  }

  /** Returns where a function starts. */
  MemorySegment function(String name) {
    MemorySegment found = functions.get(name);
    if (found == null) {
      throw new IllegalArgumentException("no function " + name);
    }
    return found;
  }

  /** Calls a function. Arguments on the heap stay where they are until it returns. */
  static long call(
      MemorySegment function,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c,
      MemorySegment d,
      long p0,
      long p1,
      long p2,
      long p3,
      long p4) {
    try {
      return (long) Caller.CALL.invokeExact(function, a, b, c, d, p0, p1, p2, p3, p4);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws no checked exception", e);
    }
  }

  private static MemorySegment map(long size) {
    MethodHandle mmap =
        system(
            "mmap",
            FunctionDescriptor.of(
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG));
    MethodHandle munmap =
        system(
            "munmap",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    try {
      MemorySegment memory =
          (MemorySegment)
              mmap.invokeExact(
                  MemorySegment.NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      if (memory.address() == -1) {
        throw new IllegalStateException("the system gave no memory for machine code");
      }
      return memory.reinterpret(size, Arena.ofAuto(), mapped -> unmap(munmap, mapped, size));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws no checked exception", e);
    }
  }

  private static void unmap(MethodHandle munmap, MemorySegment memory, long size) {
    try {
      int failed = (int) munmap.invokeExact(memory, size);
      assert failed == 0;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws no checked exception", e);
    }
  }

  private static void makeExecutable(MemorySegment memory) {
    MethodHandle mprotect =
        system(
            "mprotect",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT));
    try {
      int failed = (int) mprotect.invokeExact(memory, memory.byteSize(), PROT_READ | PROT_EXEC);
      if (failed != 0) {
        throw new IllegalStateException("the system refuses to make memory executable");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws no checked exception", e);
    }
  }

  private static MethodHandle system(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    MemorySegment symbol =
        linker
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new IllegalStateException("the system has no function " + name));
    return linker.downcallHandle(symbol, descriptor);
  }
}
