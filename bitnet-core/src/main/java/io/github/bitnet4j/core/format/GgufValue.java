package io.github.bitnet4j.core.format;

import java.lang.foreign.MemorySegment;

/** A metadata value of a GGUF file. */
public sealed interface GgufValue {
  /** An integer of any width; above {@code Long.MAX_VALUE} it shows as negative. */
  record IntValue(long value) implements GgufValue {}

  /** A float of either width. */
  record FloatValue(double value) implements GgufValue {}

  /** True or false. */
  record BoolValue(boolean value) implements GgufValue {}

  /** A text. */
  record StringValue(String value) implements GgufValue {}

  /**
   * An array. Its elements stay in the file.
   *
   * @param elementType number of the value type
   * @param count number of elements
   * @param data the elements as they are stored
   */
  record ArrayValue(int elementType, int count, MemorySegment data) implements GgufValue {}
}
