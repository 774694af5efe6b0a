/** Benchmarks of parts of the forward pass, in the package of those parts. */
@NullUnmarked
package io.github.bitnet4j.core.model;

import org.jspecify.annotations.NullUnmarked;
