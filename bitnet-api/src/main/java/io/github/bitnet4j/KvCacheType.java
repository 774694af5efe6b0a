package io.github.bitnet4j;

/** How a session keeps the keys and values of the tokens it has seen. */
public enum KvCacheType {
  /** Single precision: exactly what was computed. */
  F32,

  /**
   * Half precision: half the memory, and faster after a long context. Each key and value is rounded
   * once, to 11 significant bits, when it is stored; below 2^-14 in magnitude it becomes 0. Results
   * are as reproducible as with {@link #F32}, but other ones: what follows rounds activations to
   * int8, and a few of them fall the other way. A value of 65520 or more in magnitude ends a
   * generation with a {@link NonFiniteValueException}.
   */
  F16
}
