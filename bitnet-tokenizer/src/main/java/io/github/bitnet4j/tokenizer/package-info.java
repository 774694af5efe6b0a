/** Text to token ids and back. */
@NullMarked
package io.github.bitnet4j.tokenizer;

import org.jspecify.annotations.NullMarked;
