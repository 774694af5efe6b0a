/**
 * Tools for model files: what is in one, whether it is sound, and conversion between formats. The
 * command line offers the same three as {@code inspect}, {@code check} and {@code convert}.
 */
@NullMarked
package io.github.bitnet4j.core.tools;

import org.jspecify.annotations.NullMarked;
