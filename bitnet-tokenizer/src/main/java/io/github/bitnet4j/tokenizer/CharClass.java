package io.github.bitnet4j.tokenizer;

/**
 * The character classes of the split expressions, from the running JDK's Unicode tables (Unicode 16
 * in JDK 25, as in the reference).
 */
final class CharClass {
  /** Anything else, unpaired surrogates too: they stand for U+FFFD, which is none of the below. */
  static final byte OTHER = 0;

  /** {@code \p{L}}. */
  static final byte LETTER = 1;

  /** {@code \p{N}}. */
  static final byte NUMBER = 2;

  /** {@code \s} (Unicode White_Space) without the two below. */
  static final byte SPACE = 3;

  /** Carriage return and line feed. */
  static final byte NEWLINE = 4;

  private static final byte[] BASIC_PLANE = new byte[0x10000];

  static {
    for (int c = 0; c < BASIC_PLANE.length; c++) {
      BASIC_PLANE[c] = classify(c);
    }
  }

  private CharClass() {}

  /** Returns the class of a code point. */
  static byte of(int codePoint) {
    return codePoint < 0x10000 ? BASIC_PLANE[codePoint] : classify(codePoint);
  }

  /** Returns whether a code point is {@code \s}. */
  static boolean isWhiteSpace(int codePoint) {
    return of(codePoint) >= SPACE;
  }

  /** Returns whether a code point is {@code \w} (Unicode Technical Standard 18, annex C). */
  static boolean isWord(int codePoint) {
    return Character.isAlphabetic(codePoint)
        || switch (Character.getType(codePoint)) {
          case Character.NON_SPACING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.DECIMAL_DIGIT_NUMBER,
              Character.CONNECTOR_PUNCTUATION ->
              true;
          default -> codePoint == 0x200C || codePoint == 0x200D;
        };
  }

  /** Returns whether a code point is {@code \p{P}} or other ASCII punctuation; all are OTHER. */
  static boolean isPunctuation(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> codePoint < 0x80 && "$+<=>^`|~".indexOf(codePoint) >= 0;
    };
  }

  private static byte classify(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          SPACE;
      default ->
          switch (codePoint) {
            case '\n', '\r' -> NEWLINE;
            case '\t', 0x0B, '\f', 0x85 -> SPACE;
            default -> OTHER;
          };
    };
  }
}
