/** The LM head: all logits, or exactly those that can matter for a choice. */
@NullMarked
package io.github.bitnet4j.core.head;

import org.jspecify.annotations.NullMarked;
