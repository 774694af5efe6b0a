package io.github.bitnet4j.tokenizer.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile templates end in an exception, in bounded time, on a small stack. */
class TemplateLimitsTest {
  private static final int MANY = 50_000;

  static List<String> deepTemplates() {
    return List.of(
        "{{ " + "(".repeat(MANY) + "1" + ")".repeat(MANY) + " }}",
        "{{ " + "[".repeat(MANY) + "]".repeat(MANY) + " }}",
        "{{ " + "{'a':".repeat(MANY) + "1" + "}".repeat(MANY) + " }}",
        "{{ " + "not ".repeat(MANY) + "1 }}",
        "{{ " + "-".repeat(MANY) + "1 }}",
        "{{ " + "x[".repeat(MANY) + "0" + "]".repeat(MANY) + " }}",
        "{{ " + "range(".repeat(MANY) + "1" + ")".repeat(MANY) + " }}",
        "{{ " + "1 if 0 else ".repeat(MANY) + "1 }}",
        "{{ " + "1|default(".repeat(MANY) + "1" + ")".repeat(MANY) + " }}",
        "{% if 1 %}".repeat(MANY),
        "{% if 1 %}".repeat(MANY) + "{% endif %}",
        "{% for x in y %}".repeat(MANY),
        "{% set x %}".repeat(MANY));
  }

  @ParameterizedTest
  @MethodSource("deepTemplates")
  void refusesDeepNestingWhenParsing(String template) {
    assertThatThrownBy(() -> onSmallStack(() -> Template.parse(template)))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("nested more than 40 levels deep");
  }

  @Test
  void refusesEndlessBrackets() {
    assertThatThrownBy(() -> onSmallStack(() -> Template.parse("{{ " + "(".repeat(MANY))))
        .isInstanceOf(ChatTemplateException.class);
  }

  static List<String> longTemplates() {
    return List.of(
        "{{ 1" + "+1".repeat(MANY) + " }}",
        "{{ 1" + " and 1".repeat(MANY) + " }}",
        "{{ 1" + " < 2 > 1".repeat(MANY / 2) + " }}",
        "{{ 'a'" + "|trim".repeat(MANY) + " }}",
        "{{ 'a'" + ".strip()".repeat(MANY) + " }}",
        "{{ 'a'" + "[0]".repeat(MANY) + " }}",
        "{% if 0 %}" + "{% elif 0 %}".repeat(MANY / 2) + "{% else %}1{% endif %}",
        "{{ 1 }}".repeat(MANY));
  }

  @ParameterizedTest
  @MethodSource("longTemplates")
  void evaluatesLongChainsWithoutNesting(String template) throws Exception {
    assertThat(onSmallStack(() -> render(template))).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% set x = range(99999) %}{% endfor %}",
        "{% set n = namespace(s='x') %}{% for a in range(99999) %}{% set n.s = n.s + n.s %}{%"
            + " endfor %}",
        "{% set n = namespace(s='x') %}{% for a in range(99999) %}{% set n.s = n.s ~ n.s %}{%"
            + " endfor %}",
        "{% set n = namespace(s='x') %}{% for a in range(99) %}{% set n.s = n.s|replace('x', 'xx')"
            + " %}{% endfor %}",
        "{% set n = namespace(s='x') %}{% for a in range(99) %}{% set n.s = [n.s, n.s]|join(n.s)"
            + " %}{% endfor %}",
        "{% set n = namespace(s='x') %}{% for a in range(99) %}{% set n.s %}{{ n.s }}{{ n.s }}{%"
            + " endset %}{% endfor %}",
        "{% set n = namespace(l=[1]) %}{% for a in range(99999) %}{% set n.l = n.l + n.l %}{%"
            + " endfor %}",
        "{% set n = namespace(l=[1]) %}{% for a in range(99) %}{% set n.l = [n.l, n.l] %}{% endfor"
            + " %}{{ n.l }}",
        "{% set n = namespace(l=[1]) %}{% for a in range(99) %}{% set n.l = [n.l, n.l] %}{% endfor"
            + " %}{{ n.l|tojson }}",
        "{% set n = namespace(l=[1]) %}{% for a in range(999) %}{% set n.l = [n.l] %}{% endfor %}{{"
            + " n.l == [n.l] }}",
        "{% set n = namespace(l=[1]) %}{% for a in range(9999) %}{% set n.l = [n.l] %}{% endfor"
            + " %}{{ n.l }}",
        "{% set n = namespace(l=[1], m=[1]) %}{% for a in range(90) %}{% set n.l = [n.l, n.l] %}{%"
            + " set n.m = [n.m, n.m] %}{% endfor %}{{ n.l == n.m }}",
        "{{ 'ab' * 99999999999 }}",
        "{{ 'a' * 16000000 ~ 'a' * 16000000 }}",
        "{% for a in range(99) %}{{ 'a' * 1000000 }}{% endfor %}",
        "{% set a = 'a' * 4000000 %}{{ (a ~ 'b') in a * 2 }}",
        "{% set a = 'a' * 1000000 %}{{ a.replace('a' * 500000 ~ 'b', '') }}",
        "{% set a = 'a' * 100000 %}{{ a.strip('b' * 100000 ~ 'a') }}{% for i in range(999) %}{{"
            + " a.strip('b' * 9999 ~ 'a') }}{% endfor %}",
        "{{ ('a ' * 4000000).split()|length }}",
        "{{ ('a' * 4000000)|list|length }}",
        "{{ ('a' * 4000000)[::-1] }}",
        "{% set n = namespace(t=(1,)) %}{% for a in range(99) %}{% set n.t = (n.t, n.t) %}{% endfor"
            + " %}{{ {n.t: 1} }}",
        "{% set n = namespace(t=(1,)) %}{% for a in range(999) %}{% set n.t = (n.t,) %}{% endfor"
            + " %}{{ [n.t]|unique|list }}",
        "{% set n = namespace(t=[1]) %}{% for a in range(99) %}{% set n.t = [n.t, n.t] %}{% endfor"
            + " %}{{ n.t < n.t }}{{ [n.t, n.t]|sort }}{{ n.t }}",
        "{% for x in [[[]]] recursive %}{{ loop([[[]]]) }}{% endfor %}",
        "{% macro m() %}{{ caller() }}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{%"
            + " call m() %}x{% endcall %}",
        "{% macro m(x=m()) %}{{ x }}{% endmacro %}{{ m() }}",
        "{% set n = namespace(t=(1,)) %}{% for a in range(98) %}{% set n.t = (n.t,) %}{% endfor"
            + " %}{{ {n.t: 1} }}",
        "{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}",
        "{% macro m() %}{% filter upper %}{{ m() }}{% endfilter %}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ ['a']|map('replace', 'a', m())|list }}{% endmacro %}{{ m() }}",
        "{{ [['a']]|map('map', 'map', 'map', 'upper')|list }}{{ m() }}",
        "{{ 'a\n' * 4000000 }}{{ ('a\n' * 4000000)|indent(100) }}",
        "{{ 'a'|center(999999999999) }}",
        "{{ 'a'.ljust(99999999999) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1 }}",
        "{{ '%*d' % (9223372036854775807, 1) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ '{:.999999999f}'.format(1) }}",
        "{{ [1] * 9999999999 }}",
        "{% set n = namespace(l=[1]) %}{% for a in range(99) %}{% set n.l = n.l * 9 %}{% endfor %}",
        "{{ [1]|batch(99999, 1)|list|length }}{{ range(99999)|batch(1)|map('batch', 99999,"
            + " 1)|map('list')|list }}",
        "{{ range(99999)|slice(99999)|list }}{% for x in range(9999) %}{{"
            + " range(9)|slice(99999)|list|length }}{% endfor %}",
        "{{ 1.5|round(999999999) }}",
        "{{ strftime_now('%999999999Y' * 99999) }}",
        "{{ ('<' * 9000000)|escape }}",
        "{% set c = cycler(1) %}{% for a in range(99999) %}{% for b in range(99999) %}{{ c.next()"
            + " }}{% endfor %}{% endfor %}",
        "{{ dict(**{'a': 1}, **{'b': 2}) }}",
        "{% set n = namespace(k={}) %}{% for a in range(99999) %}{% set n.k = dict(n.k, x=n.k) %}{%"
            + " endfor %}{{ n.k }}",
        "{{ [1, [2]]|tojson(separators=['a' * 10000000, 'b']) }}{{"
            + " range(99)|list|tojson(separators=['a' * 9999999, 'b']) }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(a) %}{% if 1 %}{% if 1 %}{% if 1 %}{{ [[m([a])]] }}{% endif %}{% endif %}{%"
            + " endif %}{% endmacro %}{{ m(1) }}",
        "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{"
            + " m(60) }}",
        "{{ range(100001) }}",
        "{{ range(-9223372036854775807, 9223372036854775807) }}",
        "{{ 99 ** 99999999999 }}"
      })
  void stopsTemplatesThatGrowOrDoNotEnd(String template) {
    assertThatThrownBy(() -> onSmallStack(() -> render(template)))
        .isInstanceOf(ChatTemplateException.class);
  }

  @Test
  void refusesTemplatesOfUnreasonableLength() {
    assertThatThrownBy(() -> Template.parse("x".repeat(Source.MAX_LENGTH + 1)))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("expected at most 1048576 characters, found 1048577");
  }

  @Test
  void rendersLongConversations() {
    String content = "word ".repeat(100);
    List<Map<String, String>> messages = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      messages.add(Map.of("role", i % 2 == 0 ? "user" : "assistant", "content", content));
    }
    String template =
        "{% for m in messages %}{{ m['role'] | capitalize + ': '+ m['content'] | trim + '#' }}"
            + "{% endfor %}";
    assertThat(Template.parse(template).render(Map.of(), messages, true, Clock.systemUTC()).value())
        .hasSize(2000 * ("User: ".length() + 500) + 2000 * ("Assistant: ".length() + 500))
        .endsWith("word#");
  }

  @Test
  void survivesMutatedTemplates() throws Exception {
    long seed = 41;
    Random random = new Random(seed);
    ChatCases golden = ChatCases.read();
    List<String> sources = new ArrayList<>();
    golden.templates.values().forEach(t -> sources.add(t.source()));
    sources.addAll(JinjaCasesTest.rendered());
    String allSources = String.join("\n", sources);
    List<ChatCases.Case> cases = golden.cases;
    int rendered = 0;
    for (int round = 0; round < 20_000; round++) {
      String mutant = mutate(sources.get(random.nextInt(sources.size())), allSources, random);
      ChatCases.Case input = cases.get(random.nextInt(cases.size()));
      Throwable thrown =
          catchThrowable(
              () ->
                  Template.parse(mutant)
                      .render(input.variables(), input.messages(), true, Clock.systemUTC()));
      if (thrown == null) {
        rendered++;
      } else {
        assertThat(thrown)
            .as("seed " + seed + ", round " + round + ": " + mutant)
            .isInstanceOf(ChatTemplateException.class);
      }
    }
    assertThat(rendered).isBetween(2000, 18_000);
  }

  private static String mutate(String source, String donor, Random random) {
    StringBuilder mutant = new StringBuilder(source);
    for (int i = random.nextInt(3); i >= 0; i--) {
      int from = random.nextInt(mutant.length() + 1);
      int to = Math.min(mutant.length(), from + random.nextInt(12));
      switch (random.nextInt(4)) {
        case 0 -> mutant.delete(from, to);
        case 1 -> mutant.insert(from, mutant.substring(from, to));
        case 2 -> mutant.insert(from, (char) random.nextInt(random.nextBoolean() ? 128 : 65536));
        default -> {
          int at = random.nextInt(donor.length() - 12);
          mutant.replace(from, to, donor.substring(at, at + random.nextInt(12)));
        }
      }
    }
    return mutant.toString();
  }

  private static String render(String template) {
    return Template.parse(template).render(Map.of(), List.of(), true, Clock.systemUTC()).value();
  }

  private interface Work<T> {
    T run() throws IOException;
  }

  /** Runs on a thread whose stack is a quarter of the usual. */
  private static <T> T onSmallStack(Work<T> work) throws Exception {
    FutureTask<T> task = new FutureTask<>(work::run);
    Thread thread = new Thread(null, task, "small stack", 256 * 1024);
    thread.start();
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ChatTemplateException refused) {
        throw refused;
      }
      throw e;
    }
  }
}
