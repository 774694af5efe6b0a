package io.github.bitnet4j.tokenizer;

import java.util.List;
import java.util.Map;

/** A chat template of a model: a program in a small subset of Jinja. Immutable and thread-safe. */
public final class ChatTemplate {
  private ChatTemplate() {}

  /** Parses a template. */
  public static ChatTemplate parse(String source) {
    throw new UnsupportedOperationException();
  }

  /** Renders the messages to one text. */
  public String render(
      List<? extends Map<String, ?>> messages,
      boolean addGenerationPrompt,
      Map<String, ?> variables) {
    throw new UnsupportedOperationException();
  }

  /** Renders the messages and encodes the result; content cannot produce special tokens. */
  public int[] encode(
      Tokenizer tokenizer, List<? extends Map<String, ?>> messages, boolean addGenerationPrompt) {
    throw new UnsupportedOperationException();
  }
}
