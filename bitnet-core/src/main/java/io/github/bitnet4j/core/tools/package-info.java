/**
 * Tools for model files: what is in one, whether it is sound, conversion between formats, and
 * models with random weights. The command line offers the same four as {@code inspect}, {@code
 * check}, {@code convert} and {@code synthesize}.
 */
@NullMarked
package io.github.bitnet4j.core.tools;

import org.jspecify.annotations.NullMarked;
