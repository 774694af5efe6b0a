/** The reference kernels: plain loops, available on every JVM. */
module io.github.bitnet4j.kernels.scalar {
  requires io.github.bitnet4j.api;
  requires static org.jspecify;

  exports io.github.bitnet4j.kernels.scalar to
      io.github.bitnet4j.kernels.machinecode;

  provides io.github.bitnet4j.spi.KernelProvider with
      io.github.bitnet4j.kernels.scalar.ScalarKernelProvider;
}
