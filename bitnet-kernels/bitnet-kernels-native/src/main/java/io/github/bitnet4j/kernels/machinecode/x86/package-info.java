/**
 * An assembler for the x86-64 instructions that the kernels need, and the listings of the kernels.
 */
@NullMarked
package io.github.bitnet4j.kernels.machinecode.x86;

import org.jspecify.annotations.NullMarked;
