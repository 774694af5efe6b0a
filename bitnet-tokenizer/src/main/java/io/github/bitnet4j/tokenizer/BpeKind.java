package io.github.bitnet4j.tokenizer;

import java.util.Locale;

/** The two ways to write a vocabulary down, and what byte pair encoding starts from in each. */
enum BpeKind {
  /** Tokens are written in {@link ByteAlphabet}; encoding starts from bytes. GPT-2, Llama 3. */
  BYTE_LEVEL {
    @Override
    int spell(char[] chars, int from, int to, byte[] target, int at) {
      return ByteAlphabet.toBytes(chars, from, to, target, at) ? to - from : NOT_SPELLED;
    }
  },

  /**
   * Tokens are written as text with U+2581 for a space; encoding starts from characters, and from
   * the bytes of a character that is no token. SentencePiece with byte fallback, Llama 2.
   */
  SENTENCE_PIECE {
    @Override
    int spell(char[] chars, int from, int to, byte[] target, int at) {
      int end = at;
      for (int i = from; i < to; ) {
        int c = Character.codePointAt(chars, i, to);
        i += Character.charCount(c);
        if (c == ' ' || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
          return NOT_SPELLED;
        }
        end = Utf8.put(c == SPACE_MARK ? ' ' : c, target, end);
      }
      return end - at;
    }
  };

  /** What SentencePiece writes for a space. */
  static final char SPACE_MARK = '\u2581';

  static final int NOT_SPELLED = -1;

  /**
   * Writes the bytes that characters of a vocabulary entry stand for to {@code target} from {@code
   * at} on, where there is room for three bytes for each character.
   *
   * @return the number of bytes, or {@link #NOT_SPELLED} if no text can ever be this entry
   */
  abstract int spell(char[] chars, int from, int to, byte[] target, int at);

  /** Returns the words for this kind in messages. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
