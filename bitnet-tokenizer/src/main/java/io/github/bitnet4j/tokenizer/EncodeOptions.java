package io.github.bitnet4j.tokenizer;

/**
 * How text is turned into ids.
 *
 * @param addBos puts the beginning-of-sequence id first, if the tokenizer has one
 * @param parseSpecial reads the names of special tokens in the text as those tokens; leave it off
 *     for text from untrusted sources
 */
public record EncodeOptions(boolean addBos, boolean parseSpecial) {
  /**
   * Ordinary text: no beginning-of-sequence id, names of special tokens are ordinary characters.
   */
  public static final EncodeOptions LITERAL = new EncodeOptions(false, false);
}
