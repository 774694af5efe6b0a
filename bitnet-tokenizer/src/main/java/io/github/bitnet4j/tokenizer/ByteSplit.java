package io.github.bitnet4j.tokenizer;

/**
 * How pieces of a byte-level vocabulary are cut further. Hugging Face's {@code Digits} stands after
 * {@code ByteLevel} in files of Falcon, so it sees the letters of {@link ByteAlphabet}: numbers are
 * the ASCII digits, and six bytes whose letters are numbers too (such as B2, a superscript two),
 * also where they are part of a character.
 */
enum ByteSplit {
  NONE,

  /** Between numbers and all else. */
  DIGITS,

  /** As {@link #DIGITS}, and around every number. */
  EACH_DIGIT,

  /** As {@link #DIGITS}, and around every three ASCII digits, from the left. */
  THREE_DIGITS;

  /** Returns the end of the part of a piece that starts at {@code from}. */
  int end(byte[] bytes, int from, int to) {
    if (this == NONE) {
      return to;
    }
    boolean number = isNumber(bytes[from]);
    if (this == EACH_DIGIT && number) {
      return from + 1;
    }
    if (this == THREE_DIGITS && startsWithThree(bytes, from, to)) {
      return from + 3;
    }
    int end = from + 1;
    while (end < to
        && isNumber(bytes[end]) == number
        && !(this == THREE_DIGITS && startsWithThree(bytes, end, to))) {
      end++;
    }
    return end;
  }

  private static boolean startsWithThree(byte[] bytes, int from, int to) {
    return from + 3 <= to
        && isDigit(bytes[from])
        && isDigit(bytes[from + 1])
        && isDigit(bytes[from + 2]);
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  private static boolean isNumber(byte b) {
    return switch (b & 0xFF) {
      case 0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE -> true;
      default -> isDigit(b);
    };
  }
}
