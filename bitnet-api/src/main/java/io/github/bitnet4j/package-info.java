/**
 * The public API: a {@link io.github.bitnet4j.Model} is loaded once and shared, a {@link
 * io.github.bitnet4j.Session} is one conversation or one text being written.
 */
@NullMarked
package io.github.bitnet4j;

import org.jspecify.annotations.NullMarked;
