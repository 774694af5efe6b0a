package io.github.bitnet4j.cli;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.TokenStream;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import io.github.bitnet4j.tokenizer.StreamingDecoder;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The prompt: either text or token ids. */
final class PromptOptions {
  @Option(names = "--prompt", paramLabel = "TEXT", description = "The text to continue.")
  private @Nullable String text;

  @Option(
      names = "--ids",
      paramLabel = "ID",
      split = ",",
      description = "Token ids instead of text, taken as they are.")
  private int @Nullable [] ids;

  /** Returns what to throw if there is no prompt and there must be one. */
  static UsageException missing() {
    return new UsageException("no prompt: give --prompt TEXT or --ids ID,ID,...");
  }

  /** Refuses, before a model is loaded, what no model can continue. */
  void check() {
    if (text != null && text.isEmpty()) {
      throw new UsageException("--prompt: expected some text, found an empty string");
    }
    if (ids != null) {
      for (int i = 0; i < ids.length; i++) {
        if (ids[i] < 0) {
          throw new UsageException(
              "--ids: expected token ids of 0 or more, found %d at index %d".formatted(ids[i], i));
        }
      }
    }
  }

  /** Returns a prompt of text. */
  static PromptOptions ofText(String text) {
    PromptOptions prompt = new PromptOptions();
    prompt.text = text;
    return prompt;
  }

  /** Returns the token ids, with the beginning-of-sequence id before a text if it is expected. */
  int[] ids(Model model) {
    if (ids != null) {
      return ids;
    }
    Tokenizer tokenizer = model.tokenizer();
    return tokenizer.encode(
        Objects.requireNonNull(text), new EncodeOptions(tokenizer.addsBos(), false));
  }

  /** Opens a continuation; the caller closes it. */
  TokenStream stream(Session session, GenerationConfig config) {
    return ids != null
        ? session.stream(ids, config)
        : session.stream(Objects.requireNonNull(text), config);
  }

  /** Returns the text, without special tokens. */
  String text(Tokenizer tokenizer) {
    if (text != null) {
      return text;
    }
    StringBuilder decoded = new StringBuilder();
    StreamingDecoder decoder = tokenizer.newStreamingDecoder(true);
    for (int id : Objects.requireNonNull(ids)) {
      if (id < tokenizer.vocabSize()) { // a model may have ids that its tokenizer lacks
        decoded.append(decoder.accept(id));
      }
    }
    return decoded.append(decoder.finish()).toString();
  }
}
