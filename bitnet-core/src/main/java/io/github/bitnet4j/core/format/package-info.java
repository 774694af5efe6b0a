/** Readers of model files: bytes and JSON in, checked tensors and configuration out. */
@NullMarked
package io.github.bitnet4j.core.format;

import org.jspecify.annotations.NullMarked;
