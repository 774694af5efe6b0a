/**
 * JMH benchmarks of the kernel providers on shapes of BitNet b1.58 2B-4T.
 *
 * <p>From the root of the repository:
 *
 * <pre>{@code
 * mvn -q -pl :bitnet-kernels-benchmarks -am -Pbenchmark compile -Dargs="TernaryMatMul -p tokens=1"
 * }</pre>
 *
 * <p>{@code args} goes to JMH: a regular expression for names, {@code -p} for parameters, {@code
 * -h} for help. {@code -jvmArgsAppend -Dbitnet4j.vector.bits=256} chooses narrower registers.
 *
 * <p>Not null-marked: JMH fills the fields of a benchmark after construction.
 */
@NullUnmarked
package io.github.bitnet4j.kernels.benchmarks;

import org.jspecify.annotations.NullUnmarked;
