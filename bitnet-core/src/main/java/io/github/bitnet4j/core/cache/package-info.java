/** The KV cache: keys and values of the tokens of a sequence, in blocks that sequences share. */
@NullMarked
package io.github.bitnet4j.core.cache;

import org.jspecify.annotations.NullMarked;
