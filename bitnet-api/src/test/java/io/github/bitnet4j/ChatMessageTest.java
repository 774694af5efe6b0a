package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import org.junit.jupiter.api.Test;

class ChatMessageTest {
  @Test
  void factoriesNameTheRole() {
    assertThat(ChatMessage.system("a")).isEqualTo(new ChatMessage("system", "a"));
    assertThat(ChatMessage.user("b")).isEqualTo(new ChatMessage("user", "b"));
    assertThat(ChatMessage.assistant("c")).isEqualTo(new ChatMessage("assistant", "c"));
  }

  @Test
  void contentMayBeEmptyButARoleMayNot() {
    assertThat(ChatMessage.user("").content()).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ChatMessage("", "a"))
        .withMessage("role: expected system, user or assistant, found \"\"");
  }

  @Test
  void refusesNulls() {
    assertThatNullPointerException()
        .isThrownBy(() -> ChatMessage.user(null))
        .withMessage("content");
    assertThatNullPointerException()
        .isThrownBy(() -> new ChatMessage(null, "a"))
        .withMessage("role");
  }
}
