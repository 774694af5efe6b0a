package io.github.bitnet4j.tokenizer;

/**
 * Turns ids into text one at a time, holding back the bytes of an unfinished character.
 *
 * <p>A token of a byte-level vocabulary may end inside a character. Its first bytes are held back
 * until the rest has come or can no longer come; then U+FFFD stands for each maximal part that is
 * no UTF-8 (Unicode 16, section 3.9, "U+FFFD Substitution of Maximal Subparts"). A SentencePiece
 * vocabulary puts a space before every text, which is not returned. All texts together, with that
 * of {@link #finish}, are what {@link Tokenizer#decode} returns for all ids, and never end in half
 * a surrogate pair.
 *
 * <p>Belongs to one thread at a time; made by {@link Tokenizer#newStreamingDecoder}.
 */
public final class StreamingDecoder {
  private static final char REPLACEMENT = '\uFFFD';

  private final Tokenizer tokenizer;
  private final boolean skipSpecial;
  private final boolean dropsFirst;
  private final StringBuilder text = new StringBuilder();

  /** The bits of the unfinished character, and how many bytes it lacks; 0 outside of one. */
  private int codePoint;

  private int missing;

  /** The range of the next byte of the unfinished character. */
  private int lower;

  private int upper;

  /** Whether the next character is dropped if it is a space. */
  private boolean dropsSpace;

  /**
   * Creates a decoder.
   *
   * @param dropsFirst whether a space at the beginning of the stream is not part of the text
   */
  StreamingDecoder(Tokenizer tokenizer, boolean skipSpecial, boolean dropsFirst) {
    this.tokenizer = tokenizer;
    this.skipSpecial = skipSpecial;
    this.dropsFirst = dropsFirst;
    dropsSpace = dropsFirst;
  }

  /**
   * Returns the text that has become certain with this id; often empty inside a character.
   *
   * @throws IllegalArgumentException if the id is negative or not below {@link Tokenizer#vocabSize}
   */
  public String accept(int id) {
    append(id);
    return take();
  }

  /** Returns what is still held back, as replacement characters, and starts anew. */
  public String finish() {
    endCharacter();
    dropsSpace = dropsFirst;
    return take();
  }

  void append(int id) {
    tokenizer.checkId(id);
    if (skipSpecial && tokenizer.isSpecial(id)) {
      return;
    }
    TokenTable tokens = tokenizer.tokens();
    int length = tokens.length(id);
    for (int i = 0; i < length; i++) {
      appendByte(tokens.byteAt(id, i) & 0xFF);
    }
    if (dropsSpace && !text.isEmpty()) {
      dropsSpace = false;
      if (text.charAt(0) == ' ') {
        text.deleteCharAt(0);
      }
    }
  }

  private String take() {
    String result = text.toString();
    text.setLength(0);
    return result;
  }

  private void endCharacter() {
    if (missing > 0) {
      text.append(REPLACEMENT);
      missing = 0;
    }
  }

  /** One step over Unicode's table 3-7, "Well-Formed UTF-8 Byte Sequences". */
  private void appendByte(int b) {
    if (missing > 0) {
      if (b >= lower && b <= upper) {
        codePoint = codePoint << 6 | b & 0x3F;
        lower = 0x80;
        upper = 0xBF;
        if (--missing == 0) {
          text.appendCodePoint(codePoint);
        }
        return;
      }
      endCharacter();
    }
    if (b < 0x80) {
      text.append((char) b);
    } else if (b >= 0xC2 && b <= 0xDF) {
      beginCharacter(b & 0x1F, 1, 0x80, 0xBF);
    } else if (b >= 0xE0 && b <= 0xEF) {
      beginCharacter(b & 0x0F, 2, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF);
    } else if (b >= 0xF0 && b <= 0xF4) {
      beginCharacter(b & 0x07, 3, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF);
    } else {
      text.append(REPLACEMENT);
    }
  }

  private void beginCharacter(int bits, int missing, int lower, int upper) {
    this.codePoint = bits;
    this.missing = missing;
    this.lower = lower;
    this.upper = upper;
  }
}
