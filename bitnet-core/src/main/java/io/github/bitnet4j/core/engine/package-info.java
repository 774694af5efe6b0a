/**
 * Runs a model for several sequences: scheduling, cold start of kernels, page care, cancellation.
 */
@NullMarked
package io.github.bitnet4j.core.engine;

import org.jspecify.annotations.NullMarked;
