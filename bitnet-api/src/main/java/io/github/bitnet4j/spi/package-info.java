/**
 * What providers implement: {@link io.github.bitnet4j.spi.ModelLoader} opens model files, {@link
 * io.github.bitnet4j.spi.KernelProvider} brings the inner loops. Both are found by {@link
 * java.util.ServiceLoader}; applications need neither.
 */
@NullMarked
package io.github.bitnet4j.spi;

import org.jspecify.annotations.NullMarked;
