package io.github.bitnet4j.tokenizer;

/**
 * What byte pair encoding needs.
 *
 * @param byteIds the id of every single byte; SentencePiece falls back to them, a byte-level
 *     vocabulary may have -1 for bytes that it leaves out
 * @param asciiIds the id that encoding starts from for every ASCII character
 * @param bytePairs the merge of the tokens of two bytes, the first in the upper half of the index;
 *     empty for SentencePiece. Most merges that are looked for are these.
 * @param nfc whether text is normalized (form C) before it is cut
 * @param byteSplit how pieces are cut further
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
    boolean nfc,
    ByteSplit byteSplit,
    boolean ignoreMerges) {

  /** Returns the same model with other rules for text. */
  BpeModel withTextRules(boolean nfc, ByteSplit byteSplit) {
    return new BpeModel(
        kind,
        preTokenizer,
        spaces,
        tokens,
        merges,
        byteIds,
        asciiIds,
        bytePairs,
        nfc,
        byteSplit,
        ignoreMerges);
  }

  /** Returns the text in which added tokens that are "normalized" are looked for. */
  String normalize(String text) {
    return nfc ? Nfc.normalize(text) : spaces.normalize(text);
  }
}
