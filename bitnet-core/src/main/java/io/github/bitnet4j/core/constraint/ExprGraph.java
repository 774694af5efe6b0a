package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.constraint.Expr.Bytes;
import io.github.bitnet4j.core.constraint.Expr.Choice;
import io.github.bitnet4j.core.constraint.Expr.Repeat;
import io.github.bitnet4j.core.constraint.Expr.Rule;
import io.github.bitnet4j.core.constraint.Expr.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * The rules and expressions of a grammar, numbered, and which of them are parts of which: first the
 * rules, then each expression object that is neither a rule nor bytes. Immutable.
 */
final class ExprGraph {
  /** The number of all bytes. */
  static final int BYTES = -1;

  private final int ruleCount;
  private final IdentityHashMap<Expr, Integer> numbers = new IdentityHashMap<>();

  /** For a rule its content, for other numbers the expression. */
  private final List<Expr> exprs;

  /** For each number, and after the last, where its parts begin in {@link #partNumbers}. */
  private int[] partStarts;

  /** The parts of all numbers; an index is one use of a part. */
  private int[] partNumbers = new int[64];

  /** For each use, the number that has the part. */
  private int[] users = new int[64];

  /** Linked lists of the uses of each number, the latest use first. */
  private int[] lastUse;

  private int[] earlierUse = new int[64];
  private int useCount;

  ExprGraph(Grammar grammar, WorkBudget budget) {
    ruleCount = grammar.rules().size();
    exprs = new ArrayList<>(grammar.rules());
    lastUse = new int[ruleCount];
    Arrays.fill(lastUse, -1);
    partStarts = new int[ruleCount + 1];
    for (int user = 0; user < exprs.size(); user++) { // grows meanwhile
      List<Expr> parts = parts(user);
      budget.spend(1 + parts.size());
      if (user == partStarts.length) {
        partStarts = Arrays.copyOf(partStarts, 2 * user);
      }
      partStarts[user] = useCount;
      for (Expr part : parts) {
        addUse(add(part), user);
      }
    }
    partStarts = Arrays.copyOf(partStarts, exprs.size() + 1);
    partStarts[exprs.size()] = useCount;
  }

  private int add(Expr expr) {
    if (expr instanceof Bytes || expr instanceof Rule) {
      return numberOf(expr);
    }
    Integer known = numbers.putIfAbsent(expr, exprs.size());
    if (known != null) {
      return known;
    }
    exprs.add(expr);
    if (exprs.size() > lastUse.length) {
      int before = lastUse.length;
      lastUse = Arrays.copyOf(lastUse, 2 * exprs.size());
      Arrays.fill(lastUse, before, lastUse.length, -1);
    }
    return exprs.size() - 1;
  }

  private void addUse(int number, int user) {
    if (useCount == users.length) {
      partNumbers = Arrays.copyOf(partNumbers, 2 * useCount);
      users = Arrays.copyOf(users, 2 * useCount);
      earlierUse = Arrays.copyOf(earlierUse, 2 * useCount);
    }
    partNumbers[useCount] = number;
    users[useCount] = user;
    if (number != BYTES) {
      earlierUse[useCount] = lastUse[number];
      lastUse[number] = useCount;
    }
    useCount++;
  }

  /** Returns how many numbers there are. */
  int size() {
    return exprs.size();
  }

  boolean isRule(int number) {
    return number < ruleCount;
  }

  /** Returns the number of an expression of the grammar; of a rule, its index. */
  int numberOf(Expr expr) {
    return switch (expr) {
      case Bytes _ -> BYTES;
      case Rule(int index) -> index;
      case Sequence _, Choice _, Repeat _ -> {
        Integer number = numbers.get(expr);
        if (number == null) {
          throw new AssertionError("an expression of another grammar");
        }
        yield number;
      }
    };
  }

  /** Returns the expression of a number; for a rule, its content. */
  Expr expr(int number) {
    return exprs.get(number);
  }

  /** Returns the parts of an expression, or the content of a rule alone. */
  List<Expr> parts(int number) {
    Expr expr = exprs.get(number);
    if (number < ruleCount) {
      return List.of(expr);
    }
    return switch (expr) {
      case Sequence(List<Expr> parts) -> parts;
      case Choice(List<Expr> options) -> options;
      case Repeat(Expr body, int _, int _) -> List.of(body);
      case Bytes _, Rule _ -> List.of();
    };
  }

  /** Returns how many parts a number has. */
  int partCount(int number) {
    return partStarts[number + 1] - partStarts[number];
  }

  /** Returns the number of a part, which may be {@link #BYTES}. */
  int part(int number, int index) {
    return partNumbers[partStarts[number] + index];
  }

  /** Returns whether all parts of a number follow each other. */
  boolean isSequence(int number) {
    return !isRule(number) && exprs.get(number) instanceof Sequence;
  }

  /**
   * Returns the first use of a number in the list, or -1; each occurrence among the parts is a use.
   */
  int firstUse(int number) {
    return lastUse[number];
  }

  /** Returns the use after a use of the same number, or -1. */
  int nextUse(int use) {
    return earlierUse[use];
  }

  /** Returns the number that has the other one among its parts. */
  int user(int use) {
    return users[use];
  }
}
