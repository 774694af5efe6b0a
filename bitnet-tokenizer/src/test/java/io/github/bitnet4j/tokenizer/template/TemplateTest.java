package io.github.bitnet4j.tokenizer.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-07-26T22:30:00Z"), ZoneId.of("Asia/Tokyo"));

  private static String render(String template) {
    return Template.parse(template)
        .render(Map.of(), List.of(Map.of("role", "user", "content", " Hi ")), true, CLOCK)
        .value();
  }

  @Test
  void cutsOneNewlineAfterATagAndBlanksBeforeIt() {
    assertThat(render("a\n  {% if true %}\n  b\n\n  {% endif %}\nc\n")).isEqualTo("a\n  b\n\nc");
  }

  @Test
  void cutsAllBlanksAtASignOfMinus() {
    assertThat(render("a \n {{- 'b' -}} \n c {%- if true -%} \n d {%- endif %}")).isEqualTo("abcd");
  }

  @Test
  void keepsBlanksAtASignOfPlus() {
    assertThat(render("  {%+ if true +%}\na{% endif %}")).isEqualTo("  \na");
  }

  @Test
  void treatsAllLineEndsAlike() {
    assertThat(render("a\r\n{% if true %}\r\nb\rc{% endif %}\r\n")).isEqualTo("a\nb\nc");
  }

  @Test
  void rendersTheBodyOfGeneration() {
    assertThat(render("{% generation %}{% set x = 1 %}{{ x }}{% endgeneration %}{{ x }}"))
        .isEqualTo("1");
  }

  @Test
  void readsTheDateFromTheClockInItsZone() {
    assertThat(render("{{ strftime_now('%d %b %Y, %-I:%M %p') if strftime_now is defined }}"))
        .isEqualTo("27 Jul 2024, 7:30 AM");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "{% endcall %} @ found 'endcall' where nothing is open",
        "{% raw %}{% endif %} @ expected 'endraw'",
        "{% call m %}{% endcall %} @ expected the call of a macro",
        "{% macro m(a=1, b) %}{% endmacro %} @ parameter 'b' has no default",
        "{% do x %} @ tag 'do' is not supported",
        "{% macro m(a, a) %}{% endmacro %} @ parameter 'a' is there twice",
        "{{ range(**x, 2) }} @ an argument without a name follows",
        "{{ range(**x, a=1) }} @ is given twice or late",
        "{{ range(a=1, 2) }} @ an argument without a name follows",
        "{{ dict(a=1, a=2) }} @ argument 'a' is given twice or late",
        "{{ 99999999999999999999 }} @ expected an integer below 2^63",
        "{{ '\\N{DASH}' }} @ expected the name of a Unicode character",
        "{{ '\\x4' }} @ expected 2 hexadecimal digits",
        "{{ '\\U00110000' }} @ expected a code point up to 10ffff",
        "{{ if }} @ expected an expression, found 'if'",
        "{% set if = 1 %} @ expected the name of a variable, found the word 'if'",
        "{% set true = 1 %} @ expected the name of a variable, found the word 'true'",
        "{# open @ expected '#}' to end this comment",
        "{{ 'open @ expected ' to end this string",
        "{% continue %} @ 'continue' outside of a loop",
        "{{ x.1.y.'a' }} @ expected a name after '.'",
        "{{ x[] }} @ expected an expression",
        "`a\n{% if x %}\n  {{ y!z }}` @ line 3, column 7: unexpected character '!'"
      })
  void refusesToParse(String template, String message) {
    assertThatThrownBy(() -> Template.parse(template))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "{{ 9223372036854775807 + 1 }} @ column 24: the result of '+' does not fit into 64 bits",
        "{{ 2 ** 64 }} @ the result of '**' does not fit into 64 bits",
        "{{ -9223372036854775807 - 2 }} @ does not fit into 64 bits",
        "{{ 1e30|int }} @ does not fit into 64 bits",
        "{{ 5 % 0 }} @ division by zero",
        "{{ 5.0 // 0 }} @ division by zero",
        "{{ [][::0] }} @ the step of a slice is 0",
        "{{ [][:'a'] }} @ slice: expected an integer, found string",
        "{{ range(1, 2, 0) }} @ the step is 0",
        "{{ namespace() }} @ cannot print a namespace",
        "{{ namespace()|tojson }} @ cannot write as JSON a namespace",
        "{{ {[1]: 2} }} @ key of a dictionary: expected a string, number or tuple, found list",
        "a{% include 'x' %} @ line 1, column 5: tag 'include' is not supported",
        "{% autoescape true %}{% endautoescape %} @ tag 'autoescape' is not supported",
        "{{ 'a'|pprint }} @ column 8: filter 'pprint' is not supported",
        "{{ 1 is nosuch }} @ test 'nosuch' is not supported",
        "{{ nosuch() }} @ a call of variable 'nosuch', which is undefined",
        "{{ 'a'.nosuch() }} @ a call of 'nosuch' of a string, which is undefined",
        "{{ [].append(1) }} @ a call of 'append' of a list, which is undefined",
        "{{ 1() }} @ a call of integer",
        "{{ 'a'.join }} @ cannot print a method 'join' of a string",
        "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }} @ macro 'm': expected at most 1 arguments",
        "{% macro m(a) %}{% endmacro %}{{ m(b=2) }} @ macro 'm': unknown arguments [b]",
        "{% macro m(a) %}{% endmacro %}{% call m() %}{% endcall %} @ unknown arguments [caller]",
        "{{ 'a'|safe % 1 }} @ operator '%' is not supported between string and integer",
        "{{ x.y }} @ column 5: '.y' of variable 'x', which is undefined",
        "{{ messages[0].x.y }} @ '.y' of 'x' of a dictionary, which is undefined",
        "{{ 'a'|join(1, 2, 3) }} @ filter 'join': expected at most 2 arguments, found 3",
        "{{ 'a'|trim(x=1) }} @ filter 'trim': unknown or repeated arguments in [x]",
        "{{ 'a'|replace('b') }} @ filter 'replace': argument 'new' is missing",
        "{{ 'a'.replace('b', 1) }} @ argument 'new': expected a string, found integer",
        "{{ (1).strip() }} @ a call of 'strip' of a integer, which is undefined",
        "{{ 'a'.items() }} @ a call of 'items' of a string, which is undefined",
        "{{ 'a'.split('') }} @ the separator is empty",
        "{{ ['a']|map('nosuch')|list }} @ filter 'nosuch' is not supported",
        "{{ ['a']|select('nosuch')|list }} @ test 'nosuch' is not supported",
        "{{ 'a' in 1 }} @ 'in': expected a string, list or dictionary, found integer",
        "{{ 1 in 'a' }} @ 'in' a string: expected a string, found integer",
        "{{ -'a' }} @ sign: expected a number, found string"
      })
  void refusesToEvaluate(String template, String message) {
    assertThatThrownBy(() -> render(template))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining(message);
  }
}
