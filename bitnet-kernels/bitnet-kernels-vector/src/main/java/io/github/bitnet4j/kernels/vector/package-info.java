/**
 * The kernels on the Vector API, for 128, 256 and 512-bit registers from one source.
 *
 * <p>{@link io.github.bitnet4j.kernels.vector.VectorKernelProvider} names no type of the incubator
 * module, so it loads on every JVM; all other classes load after it has found the module.
 */
@NullMarked
package io.github.bitnet4j.kernels.vector;

import org.jspecify.annotations.NullMarked;
