/** Kernels in machine code that is assembled for the processor at hand. */
@NullMarked
package io.github.bitnet4j.kernels.machinecode;

import org.jspecify.annotations.NullMarked;
