/**
 * Recording, storing and comparing the intermediate values of a forward pass: the tool for finding
 * out where an engine, a conversion or a model file departs from a reference.
 */
@NullMarked
package io.github.bitnet4j.core.trace;

import org.jspecify.annotations.NullMarked;
