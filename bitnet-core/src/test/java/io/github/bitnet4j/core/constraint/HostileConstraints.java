package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Constraints that are made to take much work or memory, and a program that compiles and follows
 * each: {@link HostileConstraintsTest} runs it in a JVM with little memory.
 */
final class HostileConstraints {
  /** How many tokens are generated with a constraint that compiles. */
  private static final int TOKENS = 30;

  /** CPU time after which the program gives up, so that the test does not hang. */
  private static final long GIVE_UP_NANOS = 90_000_000_000L;

  private static final String NESTED = "(".repeat(40) + "a*" + ")*".repeat(40);

  /** What becomes of a constraint. */
  enum Outcome {
    /** It compiles and can be followed. */
    COMPILES,
    /** It is refused before the first token. */
    REFUSED,
    /** It compiles, and is refused as too ambiguous while tokens are generated. */
    TOO_AMBIGUOUS,
    /** It took too much CPU time; never expected. */
    GAVE_UP
  }

  /** A constraint, made when it is needed, and what must become of it. */
  record Case(Outcome expected, Supplier<OutputConstraint> constraint) {}

  private HostileConstraints() {}

  private static String each(int count, String separator, IntFunction<String> part) {
    return IntStream.range(0, count).mapToObj(part).collect(Collectors.joining(separator));
  }

  private static String character(int codePoint) {
    return Character.toString(codePoint);
  }

  static Map<String, Case> all() {
    Map<String, Case> cases = new LinkedHashMap<>();
    regexes(cases);
    classes(cases);
    grammars(cases);
    schemas(cases);
    choices(cases);
    return cases;
  }

  private static void regex(
      Map<String, Case> cases, String name, Outcome expected, Supplier<String> regex) {
    cases.put("regex " + name, new Case(expected, () -> OutputConstraint.regex(regex.get())));
  }

  private static void regexes(Map<String, Case> cases) {
    regex(cases, "nested stars", Outcome.COMPILES, () -> NESTED);
    regex(
        cases,
        "nested nullable sequences",
        Outcome.COMPILES,
        () -> "(".repeat(150) + "a" + "?b?)*".repeat(150));
    regex(
        cases,
        "nested nullable choices",
        Outcome.COMPILES,
        () -> "(?:".repeat(190) + "a" + "|b?)+".repeat(190));
    regex(
        cases,
        "nested counted nullables",
        Outcome.TOO_AMBIGUOUS,
        () -> "(".repeat(100) + "a?" + "c?){0,3}".repeat(100));
    regex(
        cases,
        "nested parentheses",
        Outcome.REFUSED,
        () -> "(".repeat(100_000) + "a" + ")".repeat(100_000));
    regex(cases, "open parentheses", Outcome.REFUSED, () -> "(".repeat(1_000_000));
    regex(cases, "dots", Outcome.COMPILES, () -> ".".repeat(524_288));
    regex(cases, "stars in a row", Outcome.REFUSED, () -> ".*".repeat(200_000));
    regex(cases, "optionals in a row", Outcome.REFUSED, () -> "a?".repeat(500_000));
    regex(cases, "a star of optionals", Outcome.REFUSED, () -> "(" + "a?".repeat(500_000) + ")*");
    regex(cases, "a large count", Outcome.COMPILES, () -> "a{1000000}");
    regex(cases, "nested counts", Outcome.COMPILES, () -> "((a{1000}){1000}){1000}");
    regex(cases, "nested ranges", Outcome.COMPILES, () -> "((a{0,1000}){0,1000}){0,1000}");
    regex(
        cases,
        "ambiguous counts",
        Outcome.TOO_AMBIGUOUS,
        () -> "(([ab]{0,40}[ab]{0,40}){0,40}[ab]{2,40}){0,4000}");
    regex(cases, "equal alternatives", Outcome.COMPILES, () -> "(a|a|aa|a|aa)*");
    regex(cases, "too long", Outcome.REFUSED, () -> "a".repeat(2_000_000));
  }

  private static void classes(Map<String, Case> cases) {
    regex(
        cases,
        "a class of 26,500 characters",
        Outcome.COMPILES,
        () -> "[" + each(26_500, "", i -> character(0x4E00 + i * 7919 % 26_500)) + "]+");
    regex(
        cases,
        "a class of scattered characters",
        Outcome.COMPILES,
        () -> "[" + each(200_000, "", i -> character(0x10000 + 3 * i)) + "]+");
    regex(
        cases,
        "many distinct classes",
        Outcome.REFUSED,
        () -> each(150_000, "", i -> "[^" + character(0x10000 + 3 * i) + "]"));
    regex(cases, "one class many times", Outcome.COMPILES, () -> "\\W".repeat(500_000));
  }

  private static void gbnf(
      Map<String, Case> cases, String name, Outcome expected, Supplier<String> grammar) {
    cases.put("gbnf " + name, new Case(expected, () -> OutputConstraint.gbnf(grammar.get())));
  }

  private static void grammars(Map<String, Case> cases) {
    gbnf(cases, "nested stars", Outcome.COMPILES, () -> "root ::= " + NESTED.replace("a", "\"a\""));
    gbnf(
        cases,
        "nested parentheses",
        Outcome.REFUSED,
        () -> "root ::= " + "(".repeat(100_000) + "\"a\"" + ")".repeat(100_000));
    gbnf(cases, "many quantifiers", Outcome.REFUSED, () -> "root ::= \"a\"" + "*".repeat(100_000));
    gbnf(
        cases,
        "a sequence of many nullable rules",
        Outcome.REFUSED,
        () ->
            "root ::= %s\n%s"
                .formatted(
                    each(40_000, " ", i -> "r" + i),
                    each(40_000, "\n", i -> "r" + i + " ::= \"a\"?")));
    gbnf(
        cases,
        "a star of many nullable rules",
        Outcome.COMPILES,
        () ->
            "root ::= (%s)*\n%s"
                .formatted(
                    each(40_000, " | ", i -> "r" + i),
                    each(40_000, "\n", i -> "r" + i + " ::= \"a\"?")));
    gbnf(
        cases,
        "left recursion after nullable rules",
        Outcome.REFUSED,
        () ->
            "root ::= r0\nn ::= \"\"\nr40000 ::= n root\n"
                + each(40_000, "\n", i -> "r%d ::= n r%d".formatted(i, i + 1)));
    gbnf(
        cases,
        "rules that double",
        Outcome.REFUSED,
        () ->
            "root ::= r0\nr60 ::= \"a\"?\n"
                + each(60, "\n", i -> "r%d ::= r%d r%d".formatted(i, i + 1, i + 1)));
    gbnf(cases, "an ambiguous rule", Outcome.COMPILES, () -> "root ::= \"a\" root root | \"a\"");
  }

  private static void schema(
      Map<String, Case> cases, String name, Outcome expected, Supplier<String> schema) {
    cases.put(
        "schema " + name,
        new Case(expected, () -> OutputConstraint.jsonSchema(schema.get().replace('\'', '"'))));
  }

  private static void schemas(Map<String, Case> cases) {
    schema(cases, "with a nested pattern", Outcome.COMPILES, () -> "{'pattern': '" + NESTED + "'}");
    schema(cases, "nested arrays", Outcome.REFUSED, () -> "[".repeat(100_000));
    schema(
        cases,
        "nested schemas",
        Outcome.REFUSED,
        () -> "{'items':".repeat(50_000) + "{}" + "}".repeat(50_000));
    schema(
        cases,
        "an enum of 100,000 strings",
        Outcome.COMPILES,
        () -> "{'enum': [" + each(100_000, ",", i -> "'v" + i + "'") + "]}");
    schema(
        cases,
        "an enum of 120,000 numbers",
        Outcome.COMPILES,
        () -> "{'enum': [" + each(120_000, ",", String::valueOf) + "]}");
    schema(
        cases,
        "long names",
        Outcome.COMPILES,
        () ->
            "{'additionalProperties': {}, 'properties': {%s}}"
                .formatted(
                    each(90, ",", i -> "'" + character('A' + i % 26).repeat(900) + i + "':{}")));
  }

  private static void choices(
      Map<String, Case> cases, String name, Outcome expected, int count, IntFunction<String> text) {
    cases.put(
        "choices " + name,
        new Case(
            expected,
            () ->
                OutputConstraint.choices(
                    IntStream.range(0, count).mapToObj(text).toArray(String[]::new))));
  }

  private static void choices(Map<String, Case> cases) {
    choices(cases, "that begin alike", Outcome.COMPILES, 1500, "a"::repeat);
    choices(cases, "of a vocabulary", Outcome.COMPILES, 100_000, i -> "w" + i * 7919L);
    choices(cases, "that are long", Outcome.REFUSED, 30, i -> "a".repeat(1_000_000) + i);
    choices(cases, "that are many", Outcome.REFUSED, 3_000_000, _ -> "");
  }

  /** Prints name, outcome and CPU milliseconds of each constraint. */
  public static void main(String[] args) {
    Tokenizer tokenizer = TestVocabulary.byteLevel();
    all()
        .forEach(
            (name, hostile) -> {
              OutputConstraint constraint = hostile.constraint.get();
              long start = cpuNanos();
              Outcome outcome = run(constraint, tokenizer, start);
              System.out.printf("%s;%s;%d%n", name, outcome, (cpuNanos() - start) / 1_000_000);
            });
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static Outcome run(OutputConstraint constraint, Tokenizer tokenizer, long start) {
    var model = new ModelConstraints(tokenizer, tokenizer.vocabSize(), List.of());
    Outcome failed = Outcome.REFUSED;
    try {
      ConstraintState state =
          model.begin(constraint, false, () -> cpuNanos() - start > GIVE_UP_NANOS);
      failed = Outcome.TOO_AMBIGUOUS;
      Random random = new Random(1);
      for (int i = 0; i < TOKENS && !state.isFinished(); i++) {
        state.accept(TestVocabulary.anyOf(state.mask(), tokenizer, random));
      }
      return Outcome.COMPILES;
    } catch (OutputConstraintException e) {
      return e.getMessage().length() < 2000 ? failed : Outcome.GAVE_UP;
    } catch (ConstraintStoppedException e) {
      return Outcome.GAVE_UP;
    }
  }
}
