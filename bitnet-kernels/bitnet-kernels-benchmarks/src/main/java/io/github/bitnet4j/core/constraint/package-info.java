/** Benchmarks of output constraints; in the package of what they measure, on the class path. */
@NullUnmarked
package io.github.bitnet4j.core.constraint;

import org.jspecify.annotations.NullUnmarked;
