/** Opens model files and runs the forward pass; applications use it through the API. */
module io.github.bitnet4j.core {
  requires transitive io.github.bitnet4j.api;
  requires com.fasterxml.jackson.core;
  requires jdk.jfr;
  requires org.slf4j;
  requires static org.jspecify;

  exports io.github.bitnet4j.core.tools;
  exports io.github.bitnet4j.core.trace;

  uses io.github.bitnet4j.spi.KernelProvider;
  uses org.slf4j.spi.SLF4JServiceProvider;

  provides io.github.bitnet4j.spi.ModelLoader with
      io.github.bitnet4j.core.session.CoreModelLoader;
}
