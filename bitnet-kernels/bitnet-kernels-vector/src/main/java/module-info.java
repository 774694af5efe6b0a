/**
 * SIMD kernels on the Vector API.
 *
 * <p>On the module path, service binding resolves this module and with it the incubator module. On
 * the class path the JVM needs {@code --add-modules jdk.incubator.vector}.
 */
module io.github.bitnet4j.kernels.vector {
  requires io.github.bitnet4j.api;
  requires jdk.incubator.vector;
  requires static org.jspecify;

  provides io.github.bitnet4j.spi.KernelProvider with
      io.github.bitnet4j.kernels.vector.VectorKernelProvider;
}
