package io.github.bitnet4j.tokenizer.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.tokenizer.ChatTemplate;
import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {
  static List<ChatCases.Case> cases() throws IOException {
    return ChatCases.read().cases;
  }

  @Test
  void hasGoldenCasesForEveryTemplate() throws IOException {
    ChatCases golden = ChatCases.read();
    assertThat(golden.cases).hasSize(122);
    assertThat(golden.cases)
        .extracting(ChatCases.Case::template)
        .hasSameElementsAs(golden.templates.keySet());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void rendersAsTheReferenceDoes(ChatCases.Case golden) throws IOException {
    ChatTemplate template =
        ChatTemplate.parse(ChatCases.read().templates.get(golden.template()).source());
    assertThat(template.render(golden.messages(), golden.addGenerationPrompt(), golden.variables()))
        .isEqualTo(golden.rendered());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ bos_token }}",
        "{% if true %}x{% endif %}",
        "{# gone #}",
        "{{",
        "%}",
        "' + raise_exception('x') + '",
        "\\n\\'\\x41"
      })
  void leavesTemplateSyntaxInMessagesAlone(String content) {
    ChatTemplate template =
        ChatTemplate.parse(
            "{% for m in messages %}{% set c = m.content %}<{{ m['content'] }}|{{ c ~ '' }}>"
                + "{% endfor %}");
    assertThat(
            template.render(List.of(Map.of("role", "user", "content", content)), false, Map.of()))
        .isEqualTo("<" + content + "|" + content + ">");
  }

  /** Constructs of published templates, with the text that Jinja2 3.1.6 makes of them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "{%- set budgets = {512: 128, 1024: 256, none: 0} -%}budget {{ budgets[512] }}@ budget 128",
        "{{ messages[0].content|indent(2) }}{{ 'a\\nb'|indent(2) }}@ `hia\n  b`",
        "{% if true %}{% macro say(m) %}{{ m.role }}: {{ m.content }}{% endmacro %}{% endif %}"
            + "{{ say(messages[0]) }}@ user: hi",
        "{% if messages|length > 9 %}{% set _ = [].append(1) %}{{ x|nosuch }}{% endif %}ok@ ok",
        "{% filter upper %}{{ messages[0].role }}: {% endfilter %}{{ messages[0].content }}@"
            + " USER: hi",
        "Today: {{ strftime_now('%d %B %Y') }}@ Today: 06 July 2024",
        "{% macro m() %}<{{ caller('x') }}>{% endmacro %}{% call(c) m() %}{{ c }}{% endcall %}@"
            + " <x>",
        "{% for k, v in {'b': 1, 'a': 2}|dictsort(by='value', reverse=true) %}{{ k }}{% endfor %}@"
            + " ab",
        "{{ tools is none and documents is none and tools is defined }}@ True",
      })
  void rendersConstructsOfPublishedTemplates(String source, String expected) {
    ChatTemplate template =
        ChatTemplate.parse(source)
            .withClock(Clock.fixed(Instant.parse("2024-07-06T09:05:07Z"), ZoneOffset.UTC));
    assertThat(template.render(List.of(Map.of("role", "user", "content", "hi")), true, Map.of()))
        .isEqualTo(expected);
  }

  @Test
  void readsTheClockOfTheSystemByDefault() {
    String year = ChatTemplate.parse("{{ strftime_now('%Y') }}").render(List.of(), true, Map.of());
    assertThat(Integer.parseInt(year)).isGreaterThan(2024);
  }

  @Test
  void passesOnTheWordsOfRaiseException() {
    ChatTemplate template = ChatTemplate.parse("{{ raise_exception('Only ' ~ 'users!') }}");
    assertThatThrownBy(() -> template.render(List.of(), true, Map.of()))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessage("Only users!");
  }

  @Test
  void refusesValuesThatJsonDoesNotHave() {
    ChatTemplate template = ChatTemplate.parse("x");
    assertThatThrownBy(
            () -> template.render(List.of(Map.of("content", new Object())), true, Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("messages")
        .hasMessageContaining("java.lang.Object");
    assertThatThrownBy(() -> template.render(List.of(), true, Map.of("x", Map.of(1, 2))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("x: expected strings as keys, found 1");
  }

  @Test
  void refusesValuesThatContainThemselves() {
    List<Object> loop = new java.util.ArrayList<>();
    loop.add(loop);
    ChatTemplate template = ChatTemplate.parse("x");
    assertThatThrownBy(() -> template.render(List.of(), true, Map.of("loop", loop)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nested more than 100 levels deep");
  }
}
