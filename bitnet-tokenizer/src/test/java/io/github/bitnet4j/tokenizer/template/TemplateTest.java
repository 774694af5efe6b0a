package io.github.bitnet4j.tokenizer.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TemplateTest {
  private static String render(String template) {
    return Template.parse(template)
        .render(Map.of(), List.of(Map.of("role", "user", "content", " Hi ")), true)
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
  void takesTheDateFromAVariable() {
    assertThat(
            Template.parse("{{ strftime_now('%d %b %Y') if strftime_now is defined }}")
                .render(Map.of("strftime_now", "26 Jul 2024"), List.of(), true)
                .value())
        .isEqualTo("26 Jul 2024");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "{% include 'x' %} @ line 1, column 4: tag 'include' is not supported",
        "{% extends 'x' %} @ tag 'extends' is not supported",
        "{% import 'x' as y %} @ tag 'import' is not supported",
        "{% block x %}{% endblock %} @ tag 'block' is not supported",
        "{% with x = 1 %}{% endwith %} @ tag 'with' is not supported",
        "{% filter upper %}{% endfilter %} @ tag 'filter' is not supported",
        "{% call m() %}{% endcall %} @ tag 'call' is not supported",
        "{% raw %}{% endraw %} @ tag 'raw' is not supported",
        "{% do x %} @ tag 'do' is not supported",
        "{% autoescape true %}{% endautoescape %} @ tag 'autoescape' is not supported",
        "{% for x in y recursive %}{% endfor %} @ column 15: 'recursive' is not supported",
        "{% set x | upper %}{% endset %} @ a filter of a block 'set' is not supported",
        "{% if 1 %}{% macro m() %}{% endmacro %}{% endif %} @ 'macro' inside another statement",
        "{% macro m() %}{% endmacro %}{% macro m() %}{% endmacro %} @ macro 'm' is already defined",
        "{% macro m() %}{% endmacro %}{{ m }} @ macro 'm' as a value",
        "{% macro m(a, a) %}{% endmacro %} @ parameter 'a' is there twice",
        "{{ 'a'|escape }} @ filter 'escape' is not supported",
        "{{ 'a'|e }} @ filter 'e' is not supported",
        "{{ 'a'|safe + '<' }} @ filter 'safe' in arithmetic",
        "{{ '<' + 'a'|safe }} @ filter 'safe' in arithmetic",
        "{{ 1 is callable }} @ test 'callable' is not supported",
        "{{ x.append(1) }} @ column 6: method 'append' is not supported",
        "{{ x.__class__() }} @ method '__class__' is not supported",
        "{{ lipsum() }} @ function 'lipsum' is not supported",
        "{{ x()() }} @ a call of anything but a function",
        "{{ x[0]() }} @ a call of anything but a function",
        "{{ range(*x) }} @ unpacked arguments",
        "{{ range(**x) }} @ unpacked arguments",
        "{{ range(a=1, 2) }} @ an argument without a name follows",
        "{{ dict(a=1, a=2) }} @ argument 'a' is given twice",
        "{{ 0x10 }} @ expected a decimal number",
        "{{ 99999999999999999999 }} @ expected an integer below 2^63",
        "{{ '\\N{DASH}' }} @ escape \\N is not supported",
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
        "{{ {1: 2} }} @ key of a dictionary: expected a string, found integer",
        "{{ x.y }} @ column 5: '.y' of variable 'x', which is undefined",
        "{{ messages[0].x.y }} @ '.y' of element 'x', which is undefined",
        "{{ 'a'|join(1, 2, 3) }} @ filter 'join': expected at most 2 arguments, found 3",
        "{{ 'a'|trim(x=1) }} @ filter 'trim': unknown or repeated arguments in [x]",
        "{{ 'a'|replace('b') }} @ filter 'replace': argument 'new' is missing",
        "{{ 'a'.replace('b', 1) }} @ argument 'new': expected a string, found integer",
        "{{ 1|tojson(indent='x') }} @ argument 'indent': expected an integer, found string",
        "{{ (1).strip() }} @ method 'strip': expected a string, found integer",
        "{{ 'a'.items() }} @ method 'items': expected a dictionary, found string",
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
