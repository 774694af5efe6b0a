package io.github.bitnet4j.core.constraint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
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

  Grammar.Builder rules() {
    return rules;
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
              anyObject(known),
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

  /** Returns numbers that a double keeps in range; digits beyond its precision are of no use. */
  static Expr number() {
    Expr whole =
        Expr.sequence(
            Expr.optional(Expr.literal("-")),
            Expr.choice(
                Expr.literal("0"),
                Expr.sequence(
                    Utf8Ranges.of(CodePoints.range('1', '9')), new Expr.Repeat(DIGIT, 0, 18))));
    Expr exponent =
        Expr.sequence(
            Utf8Ranges.of(CodePoints.of('e', 'E')),
            Expr.optional(Utf8Ranges.of(CodePoints.of('+', '-'))),
            new Expr.Repeat(DIGIT, 1, 2));
    return Expr.sequence(
        whole,
        Expr.optional(Expr.sequence(Expr.literal("."), new Expr.Repeat(DIGIT, 1, 17))),
        Expr.optional(exponent));
  }

  /** Returns an object of any members. */
  private Expr anyObject(Expr anyValue) {
    return object(List.of(), member(string(0, Expr.UNBOUNDED), anyValue), 0, Expr.UNBOUNDED);
  }

  /**
   * Returns an object.
   *
   * @param other a member that is not among the properties, which may be repeated; null for none
   * @param min the fewest members; more than one other member is not counted, since names repeat
   * @param max the most members
   */
  Expr object(List<Property> properties, @Nullable Expr other, int min, int max) {
    List<Item> items = new ArrayList<>();
    for (Property property : properties) {
      Expr member = member(JsonText.string(property.name), property.value);
      items.add(new Item(rules.add("member", member), property.required));
    }
    return list("{", "}", items, other, min, max);
  }

  /** Returns an array of some of the items, each once and in their order. */
  Expr someOf(List<Expr> items, int min, int max) {
    return list("[", "]", items.stream().map(i -> new Item(i, false)).toList(), null, min, max);
  }

  /** Returns an array of some of the items, each once and in any order; all subsets are rules. */
  Expr someOfInAnyOrder(List<Expr> items, int min, int max) {
    Expr.Rule[] after = new Expr.Rule[1 << items.size()]; // by the items that are there
    for (int set = 0; set < after.length; set++) {
      after[set] = rules.declare("elements");
    }
    for (int set = 0; set < after.length; set++) {
      int count = Integer.bitCount(set);
      List<Expr> options = new ArrayList<>();
      if (count >= min && count <= max) {
        options.add(set == 0 ? Expr.literal("]") : Expr.sequence(space, Expr.literal("]")));
      }
      for (int i = 0; i < items.size() && count < max; i++) {
        if ((set >> i & 1) == 0) {
          Expr item = Expr.sequence(items.get(i), after[set | 1 << i]);
          options.add(set == 0 ? item : Expr.sequence(comma(), item));
        }
      }
      rules.define(after[set], new Expr.Choice(options));
    }
    return Expr.sequence(Expr.literal("["), space, after[0]);
  }

  private record Item(Expr content, boolean required) {}

  /** From the end to the beginning: what may follow, for each number of items so far. */
  private Expr list(
      String open, String close, List<Item> items, @Nullable Expr other, int min, int max) {
    int counted = Math.max(1, max == Expr.UNBOUNDED ? min : Math.max(min, max));
    int last = Math.min(counted, items.size());
    Expr end = Expr.sequence(space, Expr.literal(close));
    Expr[] after = new Expr[last + 1];
    for (int count = 0; count <= last; count++) {
      after[count] = end(count, count == 0 ? Expr.literal(close) : end, other, min, max);
    }
    for (int i = items.size() - 1; i >= 0; i--) {
      Item item = items.get(i);
      Expr[] before = new Expr[Math.min(counted, i) + 1];
      for (int count = 0; count < before.length; count++) {
        int next = Math.min(count + 1, after.length - 1); // behind the last that counts it stays
        Expr one = count == 0 ? item.content : Expr.sequence(comma(), item.content);
        if (max != Expr.UNBOUNDED && count == max) {
          before[count] = item.required ? Expr.NEVER : after[count];
        } else if (item.required) {
          before[count] = Expr.sequence(one, shared(after, next));
        } else if (next == count) {
          before[count] = Expr.sequence(Expr.optional(one), shared(after, next));
        } else {
          before[count] =
              Expr.choice(Expr.sequence(one, shared(after, next)), shared(after, count));
        }
      }
      after = before;
    }
    return Expr.sequence(Expr.literal(open), space, after[0]);
  }

  /** Makes a rule of what is referred to from several places. */
  private Expr shared(Expr[] contents, int index) {
    if (!(contents[index] instanceof Expr.Rule)) {
      contents[index] = rules.add("members", contents[index]);
    }
    return contents[index];
  }

  /** Returns what follows the last item. */
  private Expr end(int count, Expr end, @Nullable Expr other, int min, int max) {
    if (other == null || max != Expr.UNBOUNDED && count >= max) {
      return count >= min && (max == Expr.UNBOUNDED || count <= max) ? end : Expr.NEVER;
    }
    if (count < min - 1) {
      return Expr.NEVER;
    }
    int most = max == Expr.UNBOUNDED ? max : max - count;
    Expr more = Expr.sequence(comma(), other);
    if (count > 0) {
      return Expr.sequence(new Expr.Repeat(more, count < min ? 1 : 0, most), end);
    }
    Expr others =
        Expr.sequence(
            other, new Expr.Repeat(more, 0, most == Expr.UNBOUNDED ? most : most - 1), space, end);
    return min > 0 ? others : Expr.choice(end, others);
  }

  Expr member(Expr name, Expr value) {
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

  /** Returns a string that is none of some names. */
  Expr otherName(Collection<String> declared) {
    if (declared.isEmpty()) {
      return string(0, Expr.UNBOUNDED);
    }
    List<int[]> names = declared.stream().map(name -> name.codePoints().toArray()).toList();
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
