/** The transformer: configuration, weights, and the forward pass. */
@NullMarked
package io.github.bitnet4j.core.model;

import org.jspecify.annotations.NullMarked;
