/** Choosing the next token from logits. */
@NullMarked
package io.github.bitnet4j.core.sampling;

import org.jspecify.annotations.NullMarked;
