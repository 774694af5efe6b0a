package io.github.bitnet4j.core.constraint;

import static io.github.bitnet4j.core.constraint.SchemaNormalizer.FORMATS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT_IN;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT_PATTERNS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.PATTERNS;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The strings of schemas. A single pattern or format becomes an expression as it is written; with
 * lengths, further patterns, look-ahead or anchors within groups an automaton is made of all. Not
 * thread-safe.
 */
final class SchemaTexts {
  /** The longest pattern that is put together with others, in UTF-16 units. */
  static final int MAX_COMBINED = 2000;

  /**
   * The greatest maxLength that an automaton counts. Beside a greater one, repetitions without a
   * limit get shares of it.
   */
  private static final int MAX_COUNTED = 100;

  private final SchemaDocument document;
  private final TextLanguages languages;
  private final Map<String, Optional<TextPattern>> patterns = new HashMap<>();
  private final Map<TextLanguage, Optional<TextAutomaton>> automatons = new HashMap<>();

  /** The bytes of sets of characters, each made once. */
  private final CharacterCache characters;

  SchemaTexts(SchemaDocument document, CharacterCache characters) {
    this.document = document;
    this.characters = characters;
    languages = new TextLanguages(document.work());
  }

  TextLanguages languages() {
    return languages;
  }

  private Expr character(CodePoints set) {
    return characters.apply(set);
  }

  /** Reads a pattern; empty if it is left out because it is not supported. */
  private Optional<TextPattern> parse(Schema schema, String keyword, String regex) {
    Optional<TextPattern> known = patterns.get(regex);
    if (known == null) {
      document.work().spend(regex.length());
      try {
        String what = "schema: " + Schema.child(schema.pointer(), keyword);
        known = Optional.of(RegexParser.parse(what, regex, RegexParser.Dialect.ECMASCRIPT));
      } catch (OutputConstraintException e) {
        document.unsupported(e);
        known = Optional.empty();
      }
      patterns.put(regex, known);
    }
    return known;
  }

  private static String value(JsonValue string) {
    return ((JsonString) string).value();
  }

  /**
   * Returns the strings in which a pattern is found.
   *
   * @return null if it is left out because it is not supported
   */
  @Nullable TextLanguage containing(Schema schema, String keyword, String regex) {
    if (regex.length() > MAX_COMBINED) {
      document.unsupported(
          schema,
          keyword,
          "expected at most %d characters of what is combined with others, found %d"
              .formatted(MAX_COMBINED, regex.length()));
      return null;
    }
    return parse(schema, keyword, regex).map(languages::containing).orElse(null);
  }

  private TextLanguage format(String format) {
    String regex = Formats.text(format);
    return regex == null
        ? languages.all
        : languages.of(RegexParser.parse("format", regex, RegexParser.Dialect.ECMASCRIPT));
  }

  /** Returns whether patterns and formats of a schema allow a string. */
  boolean allow(Schema schema, String text) {
    for (JsonValue pattern : schema.list(PATTERNS)) {
      if (!isFound(schema, "pattern", value(pattern), text, true)) {
        return false;
      }
    }
    for (JsonValue pattern : schema.list(NOT_PATTERNS)) {
      if (isFound(schema, "not/pattern", value(pattern), text, false)) {
        return false;
      }
    }
    return schema.list(FORMATS).stream()
        .allMatch(format -> languages.contains(format(value(format)), text));
  }

  /**
   * Returns whether a pattern is found in a text.
   *
   * @param unknown the answer if it is left out because it is not supported
   */
  boolean isFound(Schema schema, String keyword, String regex, String text, boolean unknown) {
    TextLanguage language = containing(schema, keyword, regex);
    return language == null ? unknown : languages.contains(language, text);
  }

  /** Returns the strings of a schema in normal form, with quotes. */
  Expr strings(Schema schema, JsonParts json) {
    int min = schema.count("minLength", 0);
    int max = schema.count("maxLength", Expr.UNBOUNDED);
    if (min > max) {
      return Expr.NEVER;
    }
    List<TextPattern> whole = new ArrayList<>();
    for (JsonValue pattern : schema.list(PATTERNS)) {
      parse(schema, "pattern", value(pattern)).ifPresent(whole::add);
    }
    for (JsonValue format : schema.list(FORMATS)) {
      String regex = Formats.text(value(format));
      if (regex != null) {
        String anchored = "^(?:" + regex + ")$";
        whole.add(RegexParser.parse("format", anchored, RegexParser.Dialect.ECMASCRIPT));
      }
    }
    boolean excludes = !schema.list(NOT_PATTERNS).isEmpty() || excludesString(schema);
    if (whole.isEmpty() && !excludes) {
      return json.string(min, max);
    }
    Expr simple = whole.size() == 1 && !excludes ? simple(whole.getFirst(), min, max) : null;
    return simple == null
        ? write(schema, language(schema), json)
        : Expr.sequence(JsonText.QUOTE, simple, JsonText.QUOTE);
  }

  private static boolean excludesString(Schema schema) {
    return schema.list(NOT_IN).stream().anyMatch(JsonString.class::isInstance);
  }

  private Expr write(Schema schema, TextLanguage language, JsonParts json) {
    Optional<TextAutomaton> automaton = automaton(language);
    if (automaton.isPresent()) {
      return Expr.sequence(
          JsonText.QUOTE, automaton.get().addTo(json.rules(), this::character, JsonText.QUOTE));
    }
    document.unsupported(
        schema,
        schema.has(PATTERNS) || !schema.has(FORMATS) ? "pattern" : "format",
        "expected an automaton of at most %d states with the other keywords for strings, found more"
            .formatted(TextAutomaton.MAX_STATES));
    return json.string(schema.count("minLength", 0), schema.count("maxLength", Expr.UNBOUNDED));
  }

  Optional<TextAutomaton> automaton(TextLanguage language) {
    return automatons.computeIfAbsent(
        language, _ -> TextAutomaton.of(languages, language, document.work()));
  }

  /** Returns the strings of a schema in normal form as a language. */
  TextLanguage language(Schema schema) {
    List<TextLanguage> parts = new ArrayList<>();
    for (JsonValue pattern : schema.list(PATTERNS)) {
      TextLanguage language = containing(schema, "pattern", value(pattern));
      if (language != null) {
        parts.add(language);
      }
    }
    for (JsonValue format : schema.list(FORMATS)) {
      parts.add(format(value(format)));
    }
    for (JsonValue pattern : schema.list(NOT_PATTERNS)) {
      TextLanguage language = containing(schema, "not/pattern", value(pattern));
      if (language != null) {
        parts.add(languages.complement(language));
      }
    }
    List<TextLanguage> excluded = new ArrayList<>();
    for (JsonValue value : schema.list(NOT_IN)) {
      if (value instanceof JsonString(String text)) {
        excluded.add(languages.literal(text));
      }
    }
    parts.add(languages.complement(languages.union(excluded)));
    int min = schema.count("minLength", 0);
    int max = schema.count("maxLength", Expr.UNBOUNDED);
    parts.add(languages.length(min, max));
    return languages.intersection(parts);
  }

  /** Returns an expression with lengths that needs no automaton; null if there is none. */
  private @Nullable Expr simple(TextPattern pattern, int min, int max) {
    List<TextPattern.Branch> branches = pattern.branches();
    List<Expr> options = new ArrayList<>();
    for (TextPattern.Branch branch : branches) {
      TextPattern whole = whole(branch);
      TextPattern bounded = PatternLengths.exactly(whole, min, max);
      if (bounded == null && max > MAX_COUNTED && whole.minLength() >= min) {
        bounded = PatternLengths.shared(whole, max);
      }
      if (bounded == null) {
        return null;
      }
      options.add(bounded.toExpr(this::character));
    }
    return branches.isEmpty() ? null : new Expr.Choice(options);
  }

  /** Returns the expression of all of a text in which an alternative is found. */
  private static TextPattern whole(TextPattern.Branch branch) {
    var around = new TextPattern.Repeat(new TextPattern.Chars(CodePoints.ALL), 0, Expr.UNBOUNDED);
    List<TextPattern> parts = new ArrayList<>();
    if (!branch.fromStart()) {
      parts.add(around);
    }
    if (branch.content() instanceof TextPattern.Sequence(List<TextPattern> inner)) {
      parts.addAll(inner);
    } else {
      parts.add(branch.content());
    }
    if (!branch.toEnd()) {
      parts.add(around);
    }
    return parts.size() == 1 ? parts.getFirst() : new TextPattern.Sequence(parts);
  }

  /** Returns the names of members in a language, with quotes; null if it is not supported. */
  @Nullable Expr names(Schema schema, TextLanguage language, JsonParts json) {
    Optional<TextAutomaton> automaton = automaton(language);
    if (automaton.isEmpty()) {
      document.unsupported(
          schema,
          "patternProperties",
          "expected an automaton of at most %d states, found more"
              .formatted(TextAutomaton.MAX_STATES));
      return null;
    }
    return Expr.sequence(
        JsonText.QUOTE, automaton.get().addTo(json.rules(), this::character, JsonText.QUOTE));
  }
}
