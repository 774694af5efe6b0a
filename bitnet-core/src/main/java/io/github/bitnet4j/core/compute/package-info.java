/** What computes: the threads of a model with their kernels, and the trace. */
@NullMarked
package io.github.bitnet4j.core.compute;

import org.jspecify.annotations.NullMarked;
