package io.github.bitnet4j.kernels.machinecode.x86;

/** The last operand of a vector instruction: a register or a place in memory. */
sealed interface Operand permits Vec, Mem {}
