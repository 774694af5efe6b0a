package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import java.util.ArrayList;
import java.util.List;

/**
 * Rules over bytes; the first one is the whole text.
 *
 * @param names what to call the rules in messages
 * @param rules their expressions
 */
record Grammar(List<String> names, List<Expr> rules) {
  /** The most rules of a grammar. */
  private static final int MAX_RULES = 100_000;

  /** The most characters of a name in a message. */
  private static final int MAX_NAME = 100;

  /** Returns the name of a rule for a message, cut if it is long. */
  String name(int rule) {
    String name = names.get(rule);
    return name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME) + "...";
  }

  /** Collects rules, which may be referred to before they are defined. */
  static final class Builder {
    private final List<String> names = new ArrayList<>();
    private final List<Expr> rules = new ArrayList<>();
    private final WorkBudget budget;

    /** Creates a builder without rules; each rule is a unit of work. */
    Builder(WorkBudget budget) {
      this.budget = budget;
    }

    /** Adds a rule without content and returns a reference to it. */
    Expr.Rule declare(String name) {
      if (names.size() == MAX_RULES) {
        throw new OutputConstraintException(
            "%s: expected at most %d rules, found more".formatted(names.getFirst(), MAX_RULES));
      }
      budget.spend(1);
      names.add(name);
      rules.add(Expr.NEVER);
      return new Expr.Rule(names.size() - 1);
    }

    void define(Expr.Rule rule, Expr content) {
      rules.set(rule.index(), content);
    }

    Expr.Rule add(String name, Expr content) {
      Expr.Rule rule = declare(name);
      define(rule, content);
      return rule;
    }

    Grammar build() {
      return new Grammar(List.copyOf(names), List.copyOf(rules));
    }
  }
}
