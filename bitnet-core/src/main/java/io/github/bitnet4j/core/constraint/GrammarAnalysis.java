package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.Expr.Bytes;
import io.github.bitnet4j.core.constraint.Expr.Repeat;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;

/**
 * Properties that a grammar must have, or that its compiler must know: which expressions match the
 * empty text, which rules match any text at all, and that no rule begins with itself.
 *
 * <p>Each property of an expression is found once and passed on to the users of the expression; the
 * work is linear in the size of the grammar.
 */
final class GrammarAnalysis {
  private final Grammar grammar;
  private final WorkBudget budget;
  private final ExprGraph graph;

  /** By the numbers of the graph. */
  private final BitSet nullable;

  private final BitSet productive;

  /**
   * Analyzes a grammar.
   *
   * @throws OutputConstraintException if a rule is left-recursive or nothing matches
   */
  GrammarAnalysis(Grammar grammar, WorkBudget budget) {
    this.grammar = grammar;
    this.budget = budget;
    graph = new ExprGraph(grammar, budget);
    nullable = settle(bytes -> false);
    productive = settle(bytes -> !bytes.set().isEmpty());
    refuseLeftRecursion();
    if (!productive.get(0)) {
      throw new OutputConstraintException(
          "%s: expected at least one text that it allows, found none: it contradicts itself or never ends"
              .formatted(grammar.name(0)));
    }
  }

  /** Returns whether an expression matches the empty text. */
  boolean isNullable(Expr expr) {
    int number = graph.numberOf(expr);
    return number != ExprGraph.BYTES && nullable.get(number);
  }

  /** Returns whether a rule matches any text. */
  boolean isProductive(int rule) {
    return productive.get(rule);
  }

  /**
   * Finds the smallest set of numbers with a property: a sequence has it if all of its parts have
   * it; a repetition, if its body has it or may be left out; anything else, if one part has it.
   *
   * @param ofBytes whether bytes have it
   */
  private BitSet settle(Predicate<Bytes> ofBytes) {
    int size = graph.size();
    BitSet found = new BitSet(size);
    int[] missing = new int[size]; // how many more parts must have the property
    int[] open = new int[size]; // numbers whose users are still to be told
    int openCount = 0;
    for (int number = 0; number < size; number++) {
      missing[number] = missingParts(number, ofBytes);
      if (missing[number] == 0) {
        found.set(number);
        open[openCount++] = number;
      }
    }
    while (openCount > 0) {
      int number = open[--openCount];
      for (int use = graph.firstUse(number); use >= 0; use = graph.nextUse(use)) {
        int user = graph.user(use);
        budget.spend(1);
        if (--missing[user] == 0) {
          found.set(user);
          open[openCount++] = user;
        }
      }
    }
    return found;
  }

  /** Returns how many parts must have a property besides those that are bytes and have it. */
  private int missingParts(int number, Predicate<Bytes> ofBytes) {
    Expr expr = graph.expr(number);
    List<Expr> parts = graph.parts(number);
    budget.spend(1 + parts.size());
    if (graph.isSequence(number)) {
      int missing = 0;
      for (Expr part : parts) {
        missing += part instanceof Bytes bytes && ofBytes.test(bytes) ? 0 : 1;
      }
      return missing;
    }
    if (!graph.isRule(number) && expr instanceof Repeat repeat && repeat.min() == 0) {
      return 0;
    }
    for (Expr part : parts) {
      if (part instanceof Bytes bytes && ofBytes.test(bytes)) {
        return 0;
      }
    }
    return 1;
  }

  /** Looks for a cycle of rules that begin with each other, depth first. */
  private void refuseLeftRecursion() {
    int size = graph.size();
    int[] followed = new int[size]; // how many parts of a number have been followed
    int[] path = new int[size];
    boolean[] onPath = new boolean[size]; // clearing a bit of a set would take longer
    BitSet seen = new BitSet(size);
    for (int start = 0; start < size; start++) {
      if (seen.get(start)) {
        continue;
      }
      int length = 0;
      path[length++] = start;
      seen.set(start);
      onPath[start] = true;
      while (length > 0) {
        budget.spend(1);
        int number = path[length - 1];
        if (isFollowed(number, followed[number])) {
          length--;
          onPath[number] = false;
          continue;
        }
        int to = graph.part(number, followed[number]++);
        if (to == ExprGraph.BYTES) {
          continue;
        }
        if (onPath[to]) {
          throw leftRecursion(path, length, to);
        }
        if (!seen.get(to)) {
          path[length++] = to;
          seen.set(to);
          onPath[to] = true;
        }
      }
    }
  }

  /** Returns whether no part after the first {@code count} may be where a text begins. */
  private boolean isFollowed(int number, int count) {
    if (count == graph.partCount(number)) {
      return true;
    }
    if (count == 0 || !graph.isSequence(number)) {
      return false;
    }
    int before = graph.part(number, count - 1);
    return before == ExprGraph.BYTES || !nullable.get(before);
  }

  private OutputConstraintException leftRecursion(int[] path, int length, int first) {
    var names = new StringBuilder();
    int start = length - 1;
    while (path[start] != first) {
      start--;
    }
    String name = "";
    int count = 0;
    for (int i = start; i < length; i++) {
      if (graph.isRule(path[i]) && count++ < 5) {
        String next = grammar.name(path[i]);
        name = name.isEmpty() ? next : name;
        names.append(next).append(" -> ");
      }
    }
    return new OutputConstraintException(
        "%s begins with itself (%s%s); left recursion is not supported, use a repetition"
            .formatted(name, names, count > 5 ? "..." : name));
  }
}
