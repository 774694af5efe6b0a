/**
 * The logits after a token, as far as a choice needs them, and what is requested of a forward pass.
 */
@NullMarked
package io.github.bitnet4j.core.logits;

import org.jspecify.annotations.NullMarked;
