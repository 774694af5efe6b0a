/**
 * Kernels in machine code, for x86-64 on Linux.
 *
 * <p>They call the machine code through {@code java.lang.foreign}, which is a restricted operation:
 * {@code --enable-native-access=io.github.bitnet4j.kernels.machinecode} (on the class path: {@code
 * ALL-UNNAMED}) silences the JVM's warning.
 */
module io.github.bitnet4j.kernels.machinecode {
  requires io.github.bitnet4j.api;
  requires io.github.bitnet4j.kernels.scalar;
  requires static org.jspecify;

  provides io.github.bitnet4j.spi.KernelProvider with
      io.github.bitnet4j.kernels.machinecode.NativeKernelProvider;
}
