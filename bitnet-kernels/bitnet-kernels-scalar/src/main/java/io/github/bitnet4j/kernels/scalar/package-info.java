/** The kernels in plain loops: what every other provider must equal bit for bit. */
@NullMarked
package io.github.bitnet4j.kernels.scalar;

import org.jspecify.annotations.NullMarked;
