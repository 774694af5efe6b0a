/** Continuous batching: requests of several sequences in one forward pass. */
@NullMarked
package io.github.bitnet4j.core.batching;

import org.jspecify.annotations.NullMarked;
