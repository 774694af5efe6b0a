/** The forward pass, as in the paper: embedding, blocks of attention and feed-forward, head. */
@NullMarked
package io.github.bitnet4j.core.model;

import org.jspecify.annotations.NullMarked;
