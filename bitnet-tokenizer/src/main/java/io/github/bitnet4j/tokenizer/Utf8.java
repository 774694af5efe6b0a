package io.github.bitnet4j.tokenizer;

/** Writes UTF-8. */
final class Utf8 {
  private Utf8() {}

  /** Writes a code point, no surrogate, at an index; returns the index after it. */
  static int put(int codePoint, byte[] target, int index) {
    int n = index;
    if (codePoint < 0x80) {
      target[n++] = (byte) codePoint;
    } else if (codePoint < 0x800) {
      target[n++] = (byte) (0xC0 | codePoint >> 6);
      target[n++] = (byte) (0x80 | codePoint & 0x3F);
    } else if (codePoint < 0x10000) {
      target[n++] = (byte) (0xE0 | codePoint >> 12);
      target[n++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
      target[n++] = (byte) (0x80 | codePoint & 0x3F);
    } else {
      target[n++] = (byte) (0xF0 | codePoint >> 18);
      target[n++] = (byte) (0x80 | codePoint >> 12 & 0x3F);
      target[n++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
      target[n++] = (byte) (0x80 | codePoint & 0x3F);
    }
    return n;
  }

  /** Returns the number of bytes of the character with this first byte of well-formed UTF-8. */
  static int length(byte first) {
    int b = first & 0xFF;
    return b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
  }

  /**
   * Returns the number of bytes of the character at an index, which is below {@code to}; an
   * unpaired surrogate counts as U+FFFD.
   */
  static int length(String text, int index, int to) {
    char c = text.charAt(index);
    boolean pair =
        Character.isHighSurrogate(c)
            && index + 1 < to
            && Character.isLowSurrogate(text.charAt(index + 1));
    return c < 0x80 ? 1 : c < 0x800 ? 2 : pair ? 4 : 3;
  }
}
