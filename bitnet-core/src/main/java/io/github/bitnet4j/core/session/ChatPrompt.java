package io.github.bitnet4j.core.session;

import io.github.bitnet4j.ChatMessage;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.OverflowPolicy;
import io.github.bitnet4j.tokenizer.ChatTemplate;
import io.github.bitnet4j.tokenizer.ChatTemplateException;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A conversation, laid out by the model's chat template.
 *
 * @param messages the messages, the last one new
 * @param ids the prompt for the reply
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
record ChatPrompt(List<ChatMessage> messages, int[] ids) {
  /** Lays out a conversation and a new message. */
  static ChatPrompt of(TransformerModel model, List<ChatMessage> earlier, ChatMessage message) {
    Tokenizer tokenizer = model.tokenizer();
    ChatTemplate template =
        tokenizer
            .chatTemplate()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        model.info().path() + " has no chat template; use generate instead"));
    List<ChatMessage> messages = new ArrayList<>(earlier);
    messages.add(message);
    List<Map<String, String>> conversation = messages.stream().map(ChatPrompt::asMap).toList();
    int[] ids = template.encode(tokenizer, conversation, true);
    if (ids.length <= (tokenizer.addsBos() ? 1 : 0)) {
      throw new ChatTemplateException(
          "expected a prompt of the model's chat template, found that it writes nothing");
    }
    return new ChatPrompt(messages, ids);
  }

  /** As above, without the oldest turns if the settings say so and the context is too short. */
  static ChatPrompt of(
      TransformerModel model,
      List<ChatMessage> earlier,
      ChatMessage message,
      GenerationConfig config) {
    ChatPrompt prompt = of(model, earlier, message);
    int half = model.info().contextLength() / 2;
    int room = model.info().contextLength() - prompt.ids.length;
    if (config.overflow() != OverflowPolicy.SHIFT || room >= Math.min(config.maxTokens(), half)) {
      return prompt;
    }
    List<ChatMessage> kept = new ArrayList<>(earlier);
    while (prompt.ids.length > half && dropOldestTurn(kept)) {
      prompt = of(model, kept, message);
    }
    return prompt;
  }

  /** Removes the oldest turn after the system messages; returns false if there is none. */
  private static boolean dropOldestTurn(List<ChatMessage> messages) {
    int first = 0;
    while (first < messages.size() && messages.get(first).role().equals("system")) {
      first++;
    }
    int next = first + 1;
    while (next < messages.size() && !messages.get(next).role().equals("user")) {
      next++;
    }
    if (first == messages.size()) {
      return false;
    }
    messages.subList(first, next).clear();
    return true;
  }

  private static Map<String, String> asMap(ChatMessage message) {
    return Map.of("role", message.role(), "content", message.content());
  }
}
