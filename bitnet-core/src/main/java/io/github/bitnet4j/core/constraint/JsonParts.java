package io.github.bitnet4j.core.constraint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Adds the rules of JSON to a grammar. White space is as {@link
 * io.github.bitnet4j.OutputConstraint#jsonSchema} says: without bounds, a model that has lost its
 * way writes nothing else.
 */
final class JsonParts {
  private static final Expr DIGIT = Utf8Ranges.of(CodePoints.range('0', '9'));

  private final Grammar.Builder rules;
  private final CharacterCache characters;
  private final Expr.Rule space;
  private final Expr.Rule character;
  private Expr.@Nullable Rule value;

  /**
   * A property of an object.
   *
   * @param value its value
   */
  record Property(String name, Expr value, boolean required) {}

  /**
   * Adds the rules of white space and characters.
   *
   * @param characters writes a character of a set within a string
   */
  JsonParts(Grammar.Builder rules, CharacterCache characters) {
    this.rules = rules;
    this.characters = characters;
    space =
        rules.add(
            "space",
            Expr.choice(
                Expr.EMPTY,
                Expr.literal(" "),
                Expr.sequence(
                    new Expr.Repeat(Expr.literal("\n"), 1, 2),
                    new Expr.Repeat(Utf8Ranges.of(CodePoints.of(' ', '\t')), 0, 20))));
    character = rules.add("character", JsonText.ANY_CHARACTER);
  }

  /** Returns a value of any kind. */
  Expr any() {
    Expr.Rule known = value;
    if (known == null) {
      known = rules.declare("any JSON value");
      value = known;
      rules.define(
          known,
          Expr.choice(
              object(List.of(), known),
              array(List.of(), known, 0, Expr.UNBOUNDED),
              string(0, Expr.UNBOUNDED),
              number(),
              Expr.literal("true"),
              Expr.literal("false"),
              Expr.literal("null")));
    }
    return known;
  }

  Expr string(int minLength, int maxLength) {
    return Expr.sequence(
        JsonText.QUOTE, new Expr.Repeat(character, minLength, maxLength), JsonText.QUOTE);
  }

  static Expr integer() {
    return Expr.sequence(
        Expr.optional(Expr.literal("-")),
        Expr.choice(
            Expr.literal("0"),
            Expr.sequence(Utf8Ranges.of(CodePoints.range('1', '9')), Expr.star(DIGIT))));
  }

  static Expr number() {
    Expr exponent =
        Expr.sequence(
            Utf8Ranges.of(CodePoints.of('e', 'E')),
            Expr.optional(Utf8Ranges.of(CodePoints.of('+', '-'))),
            new Expr.Repeat(DIGIT, 1, 2));
    return Expr.sequence(
        integer(),
        Expr.optional(Expr.sequence(Expr.literal("."), new Expr.Repeat(DIGIT, 1, Expr.UNBOUNDED))),
        Expr.optional(exponent));
  }

  /**
   * Returns an object.
   *
   * @param additional the value of members that are not among the properties; null for no such
   *     members
   */
  Expr object(List<Property> properties, @Nullable Expr additional) {
    Expr end = Expr.sequence(space, Expr.literal("}"));
    Expr first = Expr.literal("}"); // what may come while there is no member yet
    Expr further = end; // and after one
    if (additional != null) {
      Expr member = member(otherName(properties), additional);
      further = Expr.sequence(Expr.star(Expr.sequence(comma(), member)), end);
      first = Expr.choice(first, Expr.sequence(member, further));
    }
    for (Property property : properties.reversed()) {
      Expr member = rules.add("member", member(JsonText.string(property.name), property.value));
      Expr after = rules.add("members", further);
      Expr with = Expr.sequence(member, after);
      first = property.required ? with : Expr.choice(with, rules.add("members", first));
      Expr next = Expr.sequence(comma(), member);
      further = Expr.sequence(property.required ? next : Expr.optional(next), after);
    }
    return Expr.sequence(Expr.literal("{"), space, first);
  }

  private Expr member(Expr name, Expr value) {
    return Expr.sequence(name, Expr.literal(":"), space, value);
  }

  private Expr comma() {
    return Expr.sequence(Expr.literal(","), space);
  }

  /**
   * Returns an array.
   *
   * @param prefix its first elements
   * @param items the elements after those; null for none
   */
  Expr array(List<Expr> prefix, @Nullable Expr items, int min, int max) {
    int fixed = Math.min(prefix.size(), max);
    if (min > max || min > fixed && items == null) {
      return Expr.NEVER;
    }
    Expr end = Expr.sequence(space, Expr.literal("]"));
    int moreMin = Math.max(0, min - fixed);
    int moreMax = items == null ? 0 : max == Expr.UNBOUNDED ? max : max - fixed;
    Expr further = Expr.sequence(elements(items, moreMin, moreMax), end);
    for (int i = fixed - 1; i > 0; i--) {
      Expr next = Expr.sequence(comma(), prefix.get(i), rules.add("elements", further));
      further = i < min ? next : Expr.choice(end, next);
    }
    Expr content;
    if (fixed > 0) {
      content = Expr.sequence(prefix.getFirst(), further);
    } else if (items != null && max > 0) {
      int others = max == Expr.UNBOUNDED ? max : max - 1;
      content = Expr.sequence(items, elements(items, Math.max(0, min - 1), others), end);
    } else {
      content = Expr.NEVER;
    }
    return Expr.sequence(
        Expr.literal("["), space, min > 0 ? content : Expr.choice(Expr.literal("]"), content));
  }

  private Expr elements(@Nullable Expr items, int min, int max) {
    return items == null || max == 0
        ? Expr.EMPTY
        : new Expr.Repeat(Expr.sequence(comma(), items), min, max);
  }

  /** Returns a string that is the name of none of some properties. */
  private Expr otherName(List<Property> properties) {
    if (properties.isEmpty()) {
      return string(0, Expr.UNBOUNDED);
    }
    List<int[]> names = properties.stream().map(p -> p.name.codePoints().toArray()).toList();
    Expr anyRest =
        rules.add(
            "name", Expr.sequence(Expr.star(characters.apply(CodePoints.ALL)), JsonText.QUOTE));
    Expr.Rule start = rules.declare("name");
    Deque<Names> open = new ArrayDeque<>();
    open.add(new Names(start, 0, names));
    while (!open.isEmpty()) {
      Names some = open.remove();
      Map<Integer, List<int[]>> byCharacter = new LinkedHashMap<>();
      boolean mayEnd = true;
      for (int[] name : some.names) {
        if (name.length == some.length) {
          mayEnd = false;
        } else {
          byCharacter.computeIfAbsent(name[some.length], _ -> new ArrayList<>()).add(name);
        }
      }
      List<Expr> options = new ArrayList<>();
      if (mayEnd) {
        options.add(JsonText.QUOTE);
      }
      List<CodePoints.Range> firsts = new ArrayList<>();
      for (Map.Entry<Integer, List<int[]>> entry : byCharacter.entrySet()) {
        CodePoints one = CodePoints.of(entry.getKey());
        firsts.addAll(one.ranges());
        Expr.Rule rest = rules.declare("name");
        open.add(new Names(rest, some.length + 1, entry.getValue()));
        options.add(Expr.sequence(characters.apply(one), rest));
      }
      options.add(Expr.sequence(characters.apply(CodePoints.of(firsts).complement()), anyRest));
      rules.define(some.rule, new Expr.Choice(options));
    }
    return Expr.sequence(JsonText.QUOTE, start);
  }

  /** The rule of what follows the first characters, which some names share. */
  private record Names(Expr.Rule rule, int length, List<int[]> names) {}
}
