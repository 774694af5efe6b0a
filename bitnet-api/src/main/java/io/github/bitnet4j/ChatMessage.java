package io.github.bitnet4j;

import java.util.Objects;

/**
 * A message of a conversation.
 *
 * <pre>{@code
 * session.addMessage(ChatMessage.system("You answer in one sentence."));
 * Generation reply = session.chat(ChatMessage.user("Why is the sky blue?"), config);
 * System.out.println(reply.text());
 * }</pre>
 *
 * @param role who speaks, in the words of the model's chat template: {@code system}, {@code user}
 *     or {@code assistant}
 * @param content what is said; plain data that can never act as template or special token
 */
public record ChatMessage(String role, String content) {
  /** Checks that both parts are given. */
  public ChatMessage {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(content, "content");
    if (role.isEmpty()) {
      throw new IllegalArgumentException("role: expected system, user or assistant, found \"\"");
    }
  }

  /** Returns an instruction that stands before the conversation. */
  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  /** Returns a message of the person. */
  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  /** Returns a message of the model. */
  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }
}
