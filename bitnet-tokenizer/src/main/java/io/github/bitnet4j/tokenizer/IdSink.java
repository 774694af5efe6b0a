package io.github.bitnet4j.tokenizer;

/** Takes the ids that an encoder finds. */
interface IdSink {
  /** Takes the first {@code count} ids of an array, which belongs to the encoder. */
  void accept(int[] ids, int count);
}
