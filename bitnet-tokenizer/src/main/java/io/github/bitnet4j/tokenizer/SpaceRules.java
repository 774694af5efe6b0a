package io.github.bitnet4j.tokenizer;

/**
 * What SentencePiece does to the spaces at the beginning of a text, which a byte-level vocabulary
 * leaves alone.
 *
 * @param prefix when a space is put before a text
 * @param beforeAddedTokens whether the space is put before the text before "normalized" added
 *     tokens are looked for (a normalizer) and not after (a pre-tokenizer)
 * @param dropsFirst whether decoding drops one space at the beginning
 */
record SpaceRules(Prefix prefix, boolean beforeAddedTokens, boolean dropsFirst) {
  /** Spaces are characters like others. */
  static final SpaceRules NONE = new SpaceRules(Prefix.NEVER, false, false);

  /** Llama 2: a space before every text between special tokens. */
  static final SpaceRules LLAMA2 = new SpaceRules(Prefix.ALWAYS, true, true);

  /** Returns the text of a normalizer, which marks spaces; the text itself if there is none. */
  String normalize(String text) {
    if (!beforeAddedTokens || text.isEmpty()) {
      return text;
    }
    String marked = text.replace(' ', BpeKind.SPACE_MARK);
    return prefix == Prefix.NEVER ? marked : BpeKind.SPACE_MARK + marked;
  }

  /** When a space is put before a text between added tokens, which is never empty. */
  enum Prefix {
    NEVER,
    ALWAYS,
    /** Unless it begins with a space. */
    UNLESS_SPACE,
    /** As before, and only at the beginning of all the text. */
    FIRST_UNLESS_SPACE;

    boolean appliesTo(boolean first, char firstChar) {
      boolean space = firstChar == ' ' || firstChar == BpeKind.SPACE_MARK;
      return switch (this) {
        case NEVER -> false;
        case ALWAYS -> true;
        case UNLESS_SPACE -> !space;
        case FIRST_UNLESS_SPACE -> first && !space;
      };
    }
  }
}
