/** Benchmarks of the LM head of core. */
@NullUnmarked
package io.github.bitnet4j.benchmarks.head;

import org.jspecify.annotations.NullUnmarked;
