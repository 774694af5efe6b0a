package io.github.bitnet4j.tokenizer;

/**
 * The tokens of a text and their places in it.
 *
 * <p>Token {@code i} came from the characters (UTF-16 units) {@code starts[i]} to {@code ends[i]},
 * the latter not included. A token that holds only some bytes of a character has the whole
 * character, so neighbours may share one, and a surrogate pair is never cut. What is not in the
 * text, such as the beginning-of-sequence id or the space that SentencePiece puts first, is an
 * empty place. Starts never decrease.
 *
 * @param ids the ids, as {@link Tokenizer#encode(String, EncodeOptions)} returns them
 */
@SuppressWarnings("ArrayRecordComponent") // handed over to the caller, never compared here
public record TokenSpans(int[] ids, int[] starts, int[] ends) {}
