/** Recording, storing and comparing the intermediate values of a forward pass. */
@NullMarked
package io.github.bitnet4j.core.trace;

import org.jspecify.annotations.NullMarked;
