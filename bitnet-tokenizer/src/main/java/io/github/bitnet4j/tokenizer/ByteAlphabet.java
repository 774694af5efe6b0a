package io.github.bitnet4j.tokenizer;

import java.util.Arrays;

/**
 * GPT-2's alphabet: the 256 characters in which byte-level vocabularies write bytes.
 *
 * <p>The printable characters of Latin-1 stand for their own byte; the other 68 bytes, in ascending
 * order, are written U+0100 to U+0143. So a space is {@code Ġ}, a newline {@code Ċ}. Source: {@code
 * bytes_to_unicode} in OpenAI's GPT-2 {@code encoder.py}.
 */
final class ByteAlphabet {
  private static final char[] CHAR_OF_BYTE = new char[256];
  private static final short[] BYTE_OF_CHAR = new short[0x144];

  static {
    char other = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > 0x20 && b < 0x7F) || (b > 0xA0 && b != 0xAD);
      CHAR_OF_BYTE[b] = printable ? (char) b : other++;
    }
    Arrays.fill(BYTE_OF_CHAR, (short) -1);
    for (int b = 0; b < 256; b++) {
      BYTE_OF_CHAR[CHAR_OF_BYTE[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** Returns the character of a byte, 0 to 255. */
  static char charOf(int unsignedByte) {
    return CHAR_OF_BYTE[unsignedByte];
  }

  /** Returns the byte of a character, 0 to 255, or -1 if it is not of the alphabet. */
  static int byteOf(char c) {
    return c < BYTE_OF_CHAR.length ? BYTE_OF_CHAR[c] : -1;
  }

  /**
   * Writes the bytes of some characters to {@code target} from {@code at} on, where there is room.
   *
   * @return whether all characters are of the alphabet
   */
  static boolean toBytes(char[] chars, int from, int to, byte[] target, int at) {
    for (int i = from; i < to; i++) {
      int b = byteOf(chars[i]);
      if (b < 0) {
        return false;
      }
      target[at + i - from] = (byte) b;
    }
    return true;
  }
}
