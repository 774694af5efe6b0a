package io.github.bitnet4j.core.session;

import io.github.bitnet4j.tokenizer.StopStrings;
import io.github.bitnet4j.tokenizer.StreamingDecoder;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns generated ids into text that is certain: whole characters, and nothing that may still
 * become a stop string.
 */
final class TextAssembler {
  private final @Nullable StreamingDecoder decoder;
  private final int vocabSize;
  private final StopStrings stops;
  private boolean stopped;

  private TextAssembler(@Nullable StreamingDecoder decoder, int vocabSize, StopStrings stops) {
    this.decoder = decoder;
    this.vocabSize = vocabSize;
    this.stops = stops;
  }

  static TextAssembler of(Tokenizer tokenizer, List<String> stops) {
    return new TextAssembler(
        tokenizer.newStreamingDecoder(true), tokenizer.vocabSize(), new StopStrings(stops));
  }

  /** Returns an assembler for models without a tokenizer: all text is empty. */
  static TextAssembler none() {
    return new TextAssembler(null, 0, new StopStrings(List.of()));
  }

  /**
   * Returns the text that became certain with this id. Models often have a few more ids than their
   * tokenizer; those have no text.
   */
  String accept(int id) {
    return decoder == null || id >= vocabSize ? "" : release(decoder.accept(id));
  }

  /** Returns the text still held back, at the end of a generation. */
  String finish() {
    return decoder == null ? "" : release(decoder.finish()) + stops.finish();
  }

  /** Returns whether a stop string is complete. */
  boolean isStopped() {
    return stopped;
  }

  private String release(String piece) {
    String certain = stops.accept(piece);
    stopped |= stops.stop().isPresent();
    return certain;
  }
}
