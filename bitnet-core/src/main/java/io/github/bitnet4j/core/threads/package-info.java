/** The threads that compute. */
@NullMarked
package io.github.bitnet4j.core.threads;

import org.jspecify.annotations.NullMarked;
