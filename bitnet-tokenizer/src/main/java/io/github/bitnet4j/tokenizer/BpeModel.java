package io.github.bitnet4j.tokenizer;

/**
 * What byte pair encoding needs.
 *
 * @param byteIds the id of every single byte; SentencePiece falls back to them, a byte-level
 *     vocabulary may have -1 for bytes that it leaves out
 * @param asciiIds the id that encoding starts from for every ASCII character
 * @param bytePairs the merge of the tokens of two bytes, the first in the upper half of the index;
 *     empty for SentencePiece. Most merges that are looked for are these.
 * @param ignoreMerges whether a piece that is a token as a whole is that token, even if no sequence
 *     of merges leads to it
 */
@SuppressWarnings("ArrayRecordComponent") // shared inside the package, never compared or changed
record BpeModel(
    BpeKind kind,
    PreTokenizer preTokenizer,
    SpaceRules spaces,
    TokenTable tokens,
    MergeTable merges,
    int[] byteIds,
    int[] asciiIds,
    long[] bytePairs,
    boolean ignoreMerges) {}
