package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.Expr.Bytes;
import io.github.bitnet4j.core.constraint.Expr.Choice;
import io.github.bitnet4j.core.constraint.Expr.Repeat;
import io.github.bitnet4j.core.constraint.Expr.Rule;
import io.github.bitnet4j.core.constraint.Expr.Sequence;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.Predicate;

/**
 * What must be known of a grammar before it can be used: which of its rules match the empty text,
 * which match any text at all, and that none begins with itself.
 */
final class GrammarAnalysis {
  private final Grammar grammar;

  /** For each rule the rules that refer to it. */
  private final List<Set<Integer>> users = new ArrayList<>();

  private final BitSet nullable;
  private final BitSet productive;

  /**
   * Looks at a grammar.
   *
   * @throws OutputConstraintException if a rule is left-recursive or nothing matches
   */
  GrammarAnalysis(Grammar grammar) {
    this.grammar = grammar;
    int count = grammar.rules().size();
    for (int i = 0; i < count; i++) {
      users.add(new HashSet<>());
    }
    for (int i = 0; i < count; i++) {
      int user = i;
      forEachRule(grammar.rules().get(i), used -> users.get(used).add(user));
    }
    nullable = new BitSet(count);
    settle(nullable, this::isNullable);
    productive = new BitSet(count);
    settle(productive, this::isProductive);
    refuseLeftRecursion();
    if (!productive.get(0)) {
      throw new OutputConstraintException(
          "%s: expected at least one text that it allows, found none: it contradicts itself or never ends"
              .formatted(grammar.names().getFirst()));
    }
  }

  /** Returns whether an expression matches the empty text. */
  boolean isNullable(Expr expr) {
    return switch (expr) {
      case Bytes _ -> false;
      case Sequence(List<Expr> parts) -> parts.stream().allMatch(this::isNullable);
      case Choice(List<Expr> options) -> options.stream().anyMatch(this::isNullable);
      case Repeat(Expr body, int min, int _) -> min == 0 || isNullable(body);
      case Rule(int index) -> nullable.get(index);
    };
  }

  /** Returns whether an expression matches any text. */
  private boolean isProductive(Expr expr) {
    return switch (expr) {
      case Bytes(ByteSet set) -> !set.isEmpty();
      case Sequence(List<Expr> parts) -> parts.stream().allMatch(this::isProductive);
      case Choice(List<Expr> options) -> options.stream().anyMatch(this::isProductive);
      case Repeat(Expr body, int min, int _) -> min == 0 || isProductive(body);
      case Rule(int index) -> productive.get(index);
    };
  }

  boolean isProductive(int rule) {
    return productive.get(rule);
  }

  /** Finds the smallest set of rules that a property of expressions holds for. */
  private void settle(BitSet rules, Predicate<Expr> property) {
    Deque<Integer> open = new ArrayDeque<>();
    for (int i = 0; i < grammar.rules().size(); i++) {
      open.add(i);
    }
    while (!open.isEmpty()) {
      int rule = open.remove();
      if (!rules.get(rule) && property.test(grammar.rules().get(rule))) {
        rules.set(rule);
        open.addAll(users.get(rule));
      }
    }
  }

  private static void forEachRule(Expr expr, IntConsumer action) {
    switch (expr) {
      case Bytes _ -> {}
      case Sequence(List<Expr> parts) -> parts.forEach(part -> forEachRule(part, action));
      case Choice(List<Expr> options) -> options.forEach(option -> forEachRule(option, action));
      case Repeat(Expr body, int _, int _) -> forEachRule(body, action);
      case Rule(int index) -> action.accept(index);
    }
  }

  /** As {@link #forEachRule}, but only rules that may be entered before a byte is matched. */
  private void forEachFirstRule(Expr expr, IntConsumer action) {
    switch (expr) {
      case Bytes _ -> {}
      case Sequence(List<Expr> parts) -> {
        for (Expr part : parts) {
          forEachFirstRule(part, action);
          if (!isNullable(part)) {
            return;
          }
        }
      }
      case Choice(List<Expr> options) ->
          options.forEach(option -> forEachFirstRule(option, action));
      case Repeat(Expr body, int _, int _) -> forEachFirstRule(body, action);
      case Rule(int index) -> action.accept(index);
    }
  }

  /** Looks for a cycle of rules that begin with each other, depth first. */
  private void refuseLeftRecursion() {
    int count = grammar.rules().size();
    int[][] first = new int[count][];
    for (int i = 0; i < count; i++) {
      Set<Integer> rules = new LinkedHashSet<>();
      forEachFirstRule(grammar.rules().get(i), rules::add);
      first[i] = rules.stream().mapToInt(Integer::intValue).toArray();
    }
    int[] next = new int[count]; // the branch of a rule to follow next
    BitSet onPath = new BitSet();
    for (int start = 0; start < count; start++) {
      List<Integer> path = new ArrayList<>();
      if (next[start] == 0) {
        path.add(start);
        onPath.set(start);
      }
      while (!path.isEmpty()) {
        int rule = path.getLast();
        if (next[rule] == first[rule].length) {
          path.removeLast();
          onPath.clear(rule);
          continue;
        }
        int to = first[rule][next[rule]++];
        if (onPath.get(to)) {
          throw leftRecursion(path.subList(path.indexOf(to), path.size()));
        }
        if (next[to] == 0) {
          path.add(to);
          onPath.set(to);
        }
      }
    }
  }

  private OutputConstraintException leftRecursion(List<Integer> cycle) {
    var names = new StringBuilder();
    cycle.stream().limit(5).forEach(i -> names.append(grammar.names().get(i)).append(" -> "));
    return new OutputConstraintException(
        "%s begins with itself (%s%s); left recursion is not supported, use a repetition"
            .formatted(
                grammar.names().get(cycle.getFirst()),
                names,
                grammar.names().get(cycle.getFirst())));
  }
}
