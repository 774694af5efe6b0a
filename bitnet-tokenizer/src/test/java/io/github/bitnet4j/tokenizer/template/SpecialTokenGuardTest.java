package io.github.bitnet4j.tokenizer.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import io.github.bitnet4j.tokenizer.template.SpecialTokenGuard.Guarded;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpecialTokenGuardTest {
  private static final List<String> SPECIALS = List.of("<|end|>", "<|user|>", "<s>", "</s>");
  private static final char GUARD = '\ufdd0';

  private static Text render(String template, String role, String content) {
    return Template.parse(template)
        .render(
            Map.of("eos", "</s>"),
            List.of(Map.of("role", role, "content", content)),
            true,
            Clock.systemUTC());
  }

  /** Renders with the guard shown as a plus sign. */
  private static String guarded(String template, String role, String content) {
    Guarded result = SpecialTokenGuard.guard(render(template, role, content), SPECIALS);
    assertThat(result.guard()).isEqualTo(GUARD);
    return result.text().replace(GUARD, '+');
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        // A whole token; one completed by the template at either edge or around.
        "[{{ @ }}]; a<|end|>b; [a<|end|+>b]",
        "{{ @ }}end|>; <|; <|+end|>",
        "<|end{{ @ }}; |>; <|end|+>",
        "<|{{ @ }}|>; end; <|end+|>",
        "{{ @ }}<s>; <; <<s>",
        // What templates do to contents does not hide where they come from.
        "{{ @|trim }}; `  <s> `; <s+>",
        "{{ @|lower }}; <S>; <s+>",
        "{{ @|replace('x', 'y') }}; x<s>; y<s+>",
        "{{ @|replace('x', '') }}; <xs>; <s+>",
        "{{ @.split('x')[1] }}; ax<s>; <s+>",
        "{{ [@]|tojson }}; <s>; [\"<s+>\"]",
        "{{ [@, 1] }}; <s>; ['<s+>', 1]",
        "{{ @[::-1] }}; >s<; <s+>",
        "{{ @[0] ~ 's>' }}; <; <+s>",
        "{% set x %}{{ @ }}{% endset %}{{ x }}; <s>; <s+>",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(@) }}; <s>; <s+>",
        "{% for k in @ %}{{ k }}{% endfor %}; <s>; <s+>",
        "{{ ['<', '>']|join(@) }}; s; <s+>",
        "{{ '<X>'|replace('X', @) }}; s; <s+>",
        "{% set x | upper %}<s>{{ @ }}{% endset %}{{ x|lower }}; <s>; <s><s+>",
        "{% filter indent(2) %}<s>{{ '\\n' }}{{ @ }}{% endfilter %}; <s>; `<s>\n  <s+>`",
        "{% filter lower %}<S>{{ @ }}{% endfilter %}; <S>; <s><s+>",
        "{% filter upper|lower %}<s>{{ @ }}{% endfilter %}; ßx; <s>ssx",
        "{% filter replace('x', '>') %}<s{{ @ }}{% endfilter %}; x; <s>",
        "{% filter trim %} <s>{{ @ }} {% endfilter %}; <s>; <s><s+>",
        "{% macro m() %}<s>{{ caller() }}{% endmacro %}{% call m() %}{{ @ }}{% endcall %}; <s>;"
            + " <s><s+>",
        "{% macro m(a) %}{{ caller(a) }}{% endmacro %}{% call(b) m(@) %}<s>{{ b }}{% endcall %};"
            + " <s>; <s><s+>",
        "{% macro m() %}{{ varargs[0] }}{{ kwargs.k }}{% endmacro %}{{ m(@, k=@) }}; <s>; <s+><s+>",
        "{% macro m(a=messages) %}{{ a[0].content }}{% endmacro %}{{ m() }}; <s>; <s+>",
        "{% with x = @ %}<s>{{ x }}{% endwith %}; <s>; <s><s+>",
        "{% generation %}<s>{{ @ }}{% endgeneration %}; <s>; <s><s+>",
        "{% set ns = namespace(a=@) %}{{ ns.a }}<s>; <s>; <s+><s>",
        "{% for x in [@] recursive %}{% if x is string %}<s>{{ loop([[x]]) }}{% else %}{{ x[0] }}"
            + "{% endif %}{% endfor %}; <s>; <s><s+>",
        "{{ '<s>%s|%5s' % (@, @) }}; <s>; `<s><s+>|  <s+>`",
        "{{ '<s>%s'|format(@) }}; <s>; <s><s+>",
        "{{ @|format('s>') }}; <%s; <+s>",
        "{{ '<s>{}{x!s:>4}'.format(@, x=@) }}; <s>; `<s><s+> <s+>`",
        "{{ '{0[0].content}'.format(messages) }}; <s>; <s+>",
        "{{ @.center(5, '-') }}; <s>; -<s+>-",
        "{{ @.partition('x')[2] }}{{ @.rpartition('x')[2] }}; x<s>; <s+><s+>",
        "{{ @|truncate(3, true, '') }}; <s>aaaaaaaaa; <s+>",
        "{{ @.title()|lower }}{{ @.swapcase()|lower }}; <s>; <s+><s+>",
        "{{ {@: 1}|join }}{% for k, v in {@: @}|dictsort %}{{ k }}{{ v }}{% endfor %}; <s>;"
            + " <s+><s+><s+>",
        "{{ {1: @}[1] }}{{ {'k': @}|tojson(indent=2) }}; <s>; `<s+>{\n  \"k\": \"<s+>\"\n}`",
        "{{ messages|map(attribute='content')|join }}{{ [@]|batch(1)|first|first }}; <s>; <s+><s+>",
        "{{ messages|groupby('content')|map(attribute='grouper')|join }}; <s>; <s+>",
        "{{ [@, @]|unique|join }}{{ [@]|sort|first }}{{ [@]|min }}{{ @|string }}; <s>;"
            + " <s+><s+><s+><s+>",
        "{{ @|e }}{{ (@|safe + '<s>')|lower }}; <s>; `&lt;s&gt;<s+>&lt;s&gt;`",
        "{{ '<s>' ~ (@|safe) }}{{ cycler(@).next() }}{{ loop is defined }}; <s>; <s><s+><s+>False",
        // What the template writes itself stays.
        "{% filter upper|lower %}<s>{{ eos }}{% endfilter %}{% set x %}<s>{% endset %}{{ x }}; x;"
            + " <s></s><s>",
        "{{ '<s>'|indent }}{{ '%s' % '<s>' }}{{ '{}'.format('<s>') }}{{ ['<s>']|first }}; x;"
            + " <s><s><s><s>",
        "<s>{{ @ }}{{ eos }}; x; <s>x</s>",
        "{{ '<|' ~ messages[0].role ~ '|>' }}{{ @ }}<|end|>; <|; <|user|><|<|end|>",
        "{{ '<s>' if @ == '<s>' }}; <s>; <s>"
      })
  void breaksTokensThatContentHasAPartIn(String template, String content, String expected) {
    assertThat(guarded(template.replace("@", "messages[0].content"), "user", content))
        .isEqualTo(expected);
  }

  @Test
  void trustsUsualRolesOnly() {
    String template = "{{ '<|' ~ messages[0].role ~ '|>' }}";
    assertThat(guarded(template, "user", "")).isEqualTo("<|user|>");
    assertThat(guarded(template, "end", "")).isEqualTo("<|end+|>");
  }

  @Test
  void takesAGuardThatTheMessagesDoNotContain() {
    Guarded result =
        SpecialTokenGuard.guard(
            render("{{ messages[0].content }}", "user", "\ufdd0\ufdd1<s>"), SPECIALS);
    assertThat(result).isEqualTo(new Guarded("\ufdd0\ufdd1<s\ufdd2>", '\ufdd2'));
  }

  @Test
  void refusesWhenNoGuardIsLeft() {
    StringBuilder all = new StringBuilder();
    for (char c = '\ue000'; c <= '\ufdef'; c++) {
      all.append(c);
    }
    Text prompt = render("{{ messages[0].content }}", "user", all.toString());
    assertThatThrownBy(() -> SpecialTokenGuard.guard(prompt, SPECIALS))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("private use");
  }

  @Test
  void refusesSpecialTokensOfOneCharacterInMessages() {
    Text prompt = render("{{ messages[0].content }}", "user", "a#b");
    assertThatThrownBy(() -> SpecialTokenGuard.guard(prompt, List.of("#")))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("'#'");
    assertThat(SpecialTokenGuard.guard(render("#", "user", "x"), List.of("#")).text())
        .isEqualTo("#");
  }

  /** Small alphabets make tokens overlap each other and the edges of contents all the time. */
  @Test
  void keepsExactlyTheTokensOfTheTemplate() {
    long seed = 20261125;
    Random random = new Random(seed);
    for (int round = 0; round < 3000; round++) {
      List<String> specials = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        specials.add(word(random, 2 + random.nextInt(3)));
      }
      Text.Builder builder = new Text.Builder();
      for (int i = 0; i < 6; i++) {
        String piece = word(random, random.nextInt(5));
        builder.append(random.nextBoolean() ? Text.ofData(piece) : Text.ofTemplate(piece));
      }
      Text prompt = builder.build();
      Guarded result = SpecialTokenGuard.guard(prompt, specials);
      String where = "seed " + seed + ", round " + round + ": " + specials + " in " + prompt;
      assertThat(result.text().replace(String.valueOf(result.guard()), ""))
          .as(where)
          .isEqualTo(prompt.value());
      for (String special : specials) {
        assertThat(count(result.text(), special))
            .as(where)
            .isEqualTo(countOfTemplate(prompt, special));
      }
    }
  }

  private static String word(Random random, int length) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(2)));
    }
    return word.toString();
  }

  private static int count(String text, String part) {
    int count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
      count++;
    }
    return count;
  }

  private static int countOfTemplate(Text prompt, String part) {
    int count = 0;
    for (int at = prompt.value().indexOf(part);
        at >= 0;
        at = prompt.value().indexOf(part, at + 1)) {
      boolean ofTemplate = true;
      for (int i = at; i < at + part.length(); i++) {
        ofTemplate &= !prompt.isData(i);
      }
      count += ofTemplate ? 1 : 0;
    }
    return count;
  }
}
