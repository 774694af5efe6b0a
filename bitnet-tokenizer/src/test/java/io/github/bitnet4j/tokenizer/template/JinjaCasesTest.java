package io.github.bitnet4j.tokenizer.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.tokenizer.ChatTemplate;
import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every supported construct, against what Jinja2 makes of it: see {@code jinja-cases.py}. */
class JinjaCasesTest {
  private static final String RESOURCE = "/chat/jinja-cases.json";
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-07-06T09:05:07.012345Z"), ZoneOffset.UTC);

  static List<String> rendered() throws IOException {
    return templates(true);
  }

  static List<String> refused() throws IOException {
    return templates(false);
  }

  private static List<Map<String, Object>> cases() throws IOException {
    List<Map<String, Object>> cases = new ArrayList<>();
    for (Object element :
        (List<?>) Objects.requireNonNull(JsonResource.read(RESOURCE).get("cases"))) {
      cases.add(JsonResource.object(element));
    }
    return cases;
  }

  private static List<String> templates(boolean rendered) throws IOException {
    return cases().stream()
        .filter(c -> c.containsKey("rendered") == rendered)
        .map(c -> (String) c.get("template"))
        .toList();
  }

  private static String render(String template) throws IOException {
    Map<String, Object> variables =
        JsonResource.object(JsonResource.read(RESOURCE).get("variables"));
    List<Map<String, Object>> messages = new ArrayList<>();
    for (Object message : (List<?>) Objects.requireNonNull(variables.get("messages"))) {
      messages.add(JsonResource.object(message));
    }
    return ChatTemplate.parse(template).withClock(CLOCK).render(messages, true, variables);
  }

  @Test
  void coversManyTemplatesOfBothKinds() throws IOException {
    assertThat(rendered()).hasSizeGreaterThan(320);
    assertThat(refused()).hasSizeGreaterThan(70);
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void rendersAsJinjaDoes(String template) throws IOException {
    String expected =
        cases().stream()
            .filter(c -> template.equals(c.get("template")))
            .map(c -> (String) c.get("rendered"))
            .findFirst()
            .orElseThrow();
    assertThat(render(template)).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesWhatJinjaRefuses(String template) {
    assertThatThrownBy(() -> render(template)).isInstanceOf(ChatTemplateException.class);
  }

  /** The values that Python computes lazily or keeps as objects: no text is the right one. */
  @ParameterizedTest
  @ValueSource(
      strings = {"{{ d.items() }}", "{{ d.items }}", "{{ nums|map('int') }}", "{{ range(3) }}"})
  void refusesToPrintPythonObjects(String template) {
    assertThatThrownBy(() -> render(template)).isInstanceOf(ChatTemplateException.class);
  }
}
