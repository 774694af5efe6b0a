package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.constraint.CodePoints.Range;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** The deterministic automaton of a {@link TextLanguage}. Immutable. */
final class TextAutomaton {
  /** The most states of an automaton. */
  static final int MAX_STATES = 20_000;

  /** For each state the states that sets of characters lead to; no set without a way to the end. */
  private final List<Map<Integer, CodePoints>> steps;

  private final BitSet accepting;

  private record Position(TextLanguage rest, boolean atStart) {}

  private TextAutomaton(List<Map<Integer, CodePoints>> steps, BitSet accepting) {
    this.steps = steps;
    this.accepting = accepting;
  }

  /** Returns the automaton of a language; empty if it would have too many states. */
  static Optional<TextAutomaton> of(
      TextLanguages languages, TextLanguage language, ReadingWork work) {
    List<CodePoints> classes = classes(language);
    Map<Position, Integer> numbers = new HashMap<>();
    List<Position> positions = new ArrayList<>();
    List<Map<Integer, BitSet>> targets = new ArrayList<>();
    BitSet accepting = new BitSet();
    positions.add(new Position(language, true));
    numbers.put(positions.getFirst(), 0);
    for (int state = 0; state < positions.size(); state++) {
      Position position = positions.get(state);
      accepting.set(state, languages.acceptsEmpty(position.rest, position.atStart, true));
      Map<Integer, BitSet> byTarget = new LinkedHashMap<>();
      work.spend(classes.size());
      for (int i = 0; i < classes.size(); i++) {
        int sample = classes.get(i).ranges().getFirst().first();
        TextLanguage rest = languages.derive(position.rest, sample, position.atStart);
        if (rest == languages.none) {
          continue;
        }
        var next = new Position(rest, false);
        Integer target = numbers.get(next);
        if (target == null) {
          if (positions.size() == MAX_STATES) {
            return Optional.empty();
          }
          target = positions.size();
          numbers.put(next, target);
          positions.add(next);
        }
        byTarget.computeIfAbsent(target, _ -> new BitSet()).set(i);
      }
      targets.add(byTarget);
    }
    return Optional.of(new TextAutomaton(named(targets, accepting, classes), accepting));
  }

  /** Returns the sets of characters that a language does not tell apart. */
  private static List<CodePoints> classes(TextLanguage language) {
    TreeSet<Integer> starts = new TreeSet<>();
    Set<CodePoints> sets = new HashSet<>();
    collect(language, sets, new HashSet<>());
    starts.add(0);
    for (CodePoints set : sets) {
      for (Range range : set.ranges()) {
        starts.add(range.first());
        starts.add(range.last() + 1);
      }
    }
    Map<BitSet, List<Range>> bySets = new LinkedHashMap<>();
    List<CodePoints> ordered = List.copyOf(sets);
    for (int start : starts) {
      Integer next = starts.higher(start);
      var range = new Range(start, next == null ? Character.MAX_CODE_POINT : next - 1);
      if (start > Character.MAX_CODE_POINT || CodePoints.of(List.of(range)).isEmpty()) {
        continue;
      }
      BitSet in = new BitSet();
      for (int i = 0; i < ordered.size(); i++) {
        in.set(
            i, ordered.get(i).contains(CodePoints.of(List.of(range)).ranges().getFirst().first()));
      }
      bySets.computeIfAbsent(in, _ -> new ArrayList<>()).add(range);
    }
    return bySets.values().stream().map(CodePoints::of).toList();
  }

  private static void collect(TextLanguage language, Set<CodePoints> sets, Set<TextLanguage> seen) {
    Deque<TextLanguage> open = new ArrayDeque<>(List.of(language));
    while (!open.isEmpty()) {
      TextLanguage next = open.pop();
      if (!seen.add(next)) {
        continue;
      }
      switch (next.form) {
        case TextLanguage.Chars(CodePoints set) -> sets.add(set);
        case TextLanguage.Concatenation(TextLanguage first, TextLanguage second) -> {
          open.push(first);
          open.push(second);
        }
        case TextLanguage.Repeat(TextLanguage body, int _, int _) -> open.push(body);
        case TextLanguage.Union(List<TextLanguage> options) -> options.forEach(open::push);
        case TextLanguage.Intersection(List<TextLanguage> parts) -> parts.forEach(open::push);
        case TextLanguage.Complement(TextLanguage body) -> open.push(body);
        case TextLanguage.Multiple _ -> {
          for (char c : "0123456789-.".toCharArray()) {
            sets.add(CodePoints.of(c));
          }
        }
        case TextLanguage.Empty _, TextLanguage.Start _, TextLanguage.End _ -> {}
      }
    }
  }

  /** Returns the steps as sets of characters, without those that have no way to the end. */
  private static List<Map<Integer, CodePoints>> named(
      List<Map<Integer, BitSet>> targets, BitSet accepting, List<CodePoints> classes) {
    BitSet useful = useful(targets, accepting);
    Map<BitSet, CodePoints> unions = new HashMap<>();
    List<Map<Integer, CodePoints>> steps = new ArrayList<>();
    for (Map<Integer, BitSet> byTarget : targets) {
      Map<Integer, CodePoints> named = new LinkedHashMap<>();
      byTarget.forEach(
          (target, some) -> {
            if (useful.get(target)) {
              named.put(target, unions.computeIfAbsent(some, _ -> union(some, classes)));
            }
          });
      steps.add(named);
    }
    return steps;
  }

  private static CodePoints union(BitSet some, List<CodePoints> classes) {
    return CodePoints.of(
        some.stream().boxed().flatMap(i -> classes.get(i).ranges().stream()).toList());
  }

  private static BitSet useful(List<Map<Integer, BitSet>> targets, BitSet accepting) {
    List<List<Integer>> sources = new ArrayList<>();
    targets.forEach(_ -> sources.add(new ArrayList<>()));
    for (int state = 0; state < targets.size(); state++) {
      for (int target : targets.get(state).keySet()) {
        sources.get(target).add(state);
      }
    }
    BitSet useful = new BitSet();
    Deque<Integer> open = new ArrayDeque<>();
    accepting.stream().forEach(open::push);
    while (!open.isEmpty()) {
      int state = open.pop();
      if (!useful.get(state)) {
        useful.set(state);
        open.addAll(sources.get(state));
      }
    }
    return useful;
  }

  /** Returns whether there is no text. */
  boolean isEmpty() {
    return steps.getFirst().isEmpty() && !accepting.get(0);
  }

  /**
   * Adds a rule for each state and returns the first.
   *
   * @param characters how a character of a set is written
   * @param end what follows the text
   */
  Expr addTo(Grammar.Builder rules, Function<CodePoints, Expr> characters, Expr end) {
    if (isEmpty()) {
      return Expr.NEVER;
    }
    List<Expr.Rule> states = steps.stream().map(_ -> rules.declare("text")).toList();
    Map<CodePoints, Expr> written = new HashMap<>();
    for (int state = 0; state < states.size(); state++) {
      List<Expr> options = new ArrayList<>();
      if (accepting.get(state)) {
        options.add(end);
      }
      steps
          .get(state)
          .forEach(
              (target, set) -> {
                Expr character = written.computeIfAbsent(set, characters);
                options.add(Expr.sequence(character, states.get(target)));
              });
      rules.define(states.get(state), new Expr.Choice(options));
    }
    return states.getFirst();
  }
}
