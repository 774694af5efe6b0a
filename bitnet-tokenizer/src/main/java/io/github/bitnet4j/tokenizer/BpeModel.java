package io.github.bitnet4j.tokenizer;

/**
 * What byte-level byte pair encoding needs.
 *
 * @param byteIds the id of every single byte
 * @param ignoreMerges whether a piece that is a token as a whole is that token, even if no sequence
 *     of merges leads to it
 */
@SuppressWarnings("ArrayRecordComponent") // shared inside the package, never compared or changed
record BpeModel(
    PreTokenizer preTokenizer,
    TokenTable tokens,
    MergeTable merges,
    int[] byteIds,
    boolean ignoreMerges) {}
