package io.github.bitnet4j;

/**
 * One generated token.
 *
 * @param id its id, from 0 to the vocabulary size less one
 * @param text the text that became certain with this token. It is often, but not always, the
 *     token's own text: bytes of an unfinished character and the beginning of a possible stop
 *     string are held back and come with a later token. The texts of all tokens joined are {@link
 *     Generation#text()}. Empty for special tokens and for models without a tokenizer.
 */
public record Token(int id, String text) {}
