/** The sizes and weights of a model, verified and prepared for the kernels. */
@NullMarked
package io.github.bitnet4j.core.weights;

import org.jspecify.annotations.NullMarked;
