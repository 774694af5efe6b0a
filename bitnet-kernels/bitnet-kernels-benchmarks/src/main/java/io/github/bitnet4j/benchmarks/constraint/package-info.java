/** Benchmarks of output constraints. */
@NullUnmarked
package io.github.bitnet4j.benchmarks.constraint;

import org.jspecify.annotations.NullUnmarked;
