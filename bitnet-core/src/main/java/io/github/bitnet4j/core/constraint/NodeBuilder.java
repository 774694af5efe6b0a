package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.Node.BytesNode;
import io.github.bitnet4j.core.constraint.Node.ChoiceNode;
import io.github.bitnet4j.core.constraint.Node.RepeatNode;
import io.github.bitnet4j.core.constraint.Node.RuleNode;
import io.github.bitnet4j.core.constraint.Node.SequenceNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes nodes, one object for equal ones. Sequences within sequences and choices within choices are
 * put together. Alternatives that begin alike share their beginning: {@code term "+" expr | term}
 * would otherwise double the number of stacks with every nesting of a term.
 */
final class NodeBuilder {
  /** The most references from nodes to nodes; bounds memory. */
  private static final int MAX_SIZE = 2_000_000;

  /** How deep alternatives are searched for common beginnings. */
  private static final int MAX_FACTORING = 100;

  private final String name;
  private final WorkBudget budget;

  private final Map<ByteSet, BytesNode> bytes = new HashMap<>();
  private final Map<List<Node>, SequenceNode> sequences = new HashMap<>();
  private final Map<List<Node>, ChoiceNode> choices = new HashMap<>();
  private final Map<RepeatKey, RepeatNode> repeats = new HashMap<>();
  private final Node empty;
  private final Node never;
  private int size;

  private record RepeatKey(Node body, int min, int max) {}

  /** The parts of a sequence from an index on. */
  private record Tail(List<Node> parts, int from) {
    Node first() {
      return parts.get(from);
    }

    int length() {
      return parts.size() - from;
    }
  }

  /**
   * Creates a builder.
   *
   * @param name of the grammar, in messages
   */
  NodeBuilder(String name, WorkBudget budget) {
    this.name = name;
    this.budget = budget;
    empty = sequence(List.of());
    never = choice(List.of());
  }

  /** Returns the node of the empty text. */
  Node empty() {
    return empty;
  }

  /** Returns the node that matches no text. */
  Node never() {
    return never;
  }

  /** Returns the number of references from nodes to nodes. */
  int size() {
    return size;
  }

  /** Returns the sets of bytes that nodes have. */
  Set<ByteSet> byteSets() {
    return bytes.keySet();
  }

  Node bytes(ByteSet set) {
    return set.isEmpty() ? never : bytes.computeIfAbsent(set, BytesNode::new);
  }

  /** Returns a node without a body, which is not equal to any other. */
  RuleNode rule() {
    grow(1);
    return new RuleNode();
  }

  Node sequence(List<Node> parts) {
    ArrayList<Node> flat = new ArrayList<>(parts.size());
    budget.spend(1 + parts.size());
    for (Node part : parts) {
      if (part == never) {
        return never;
      }
      if (part instanceof SequenceNode inner) {
        budget.spend(inner.parts.size());
        flat.addAll(inner.parts);
      } else {
        flat.add(part);
      }
      checkSize(flat.size());
    }
    if (flat.size() == 1) {
      return flat.getFirst();
    }
    SequenceNode known = sequences.get(flat);
    if (known == null) {
      grow(flat.size());
      flat.trimToSize();
      known = new SequenceNode(flat);
      sequences.put(known.parts, known);
    }
    return known;
  }

  /**
   * Returns a repetition.
   *
   * @param body never matches the empty text
   */
  Node repeat(Node body, int min, int max) {
    if (max == 0 || body == empty || body == never) {
      return min == 0 || max == 0 || body == empty ? empty : never;
    }
    if (min == 1 && max == 1) {
      return body;
    }
    if (body instanceof RepeatNode inner && inner.min == 1) {
      // 1 to k times, m to n times: every number from m to k * n
      long most = (long) inner.max * max;
      if (inner.max == Expr.UNBOUNDED || max == Expr.UNBOUNDED) {
        return repeat(inner.body, min, Expr.UNBOUNDED);
      }
      if (most < Expr.UNBOUNDED) {
        return repeat(inner.body, min, (int) most);
      }
    }
    return repeats.computeIfAbsent(
        new RepeatKey(body, min, max),
        _ -> {
          grow(1);
          return new RepeatNode(body, min, max);
        });
  }

  Node choice(List<Node> options) {
    List<Tail> tails = new ArrayList<>(options.size());
    for (Node option : options) {
      tails.add(
          option instanceof SequenceNode node
              ? new Tail(node.parts, 0)
              : new Tail(List.of(option), 0));
    }
    return choice(tails, 0);
  }

  /** Returns the choice of some tails, which is factored unless it is too deep. */
  private Node choice(List<Tail> tails, int depth) {
    ByteSet single = ByteSet.NONE;
    Set<Node> unfactored = new LinkedHashSet<>();
    Map<Node, List<Tail>> byHead = new LinkedHashMap<>();
    Deque<Tail> left = new ArrayDeque<>(tails);
    while (!left.isEmpty()) {
      budget.spend(1);
      Tail tail = left.remove();
      if (tail.length() == 0) {
        unfactored.add(empty);
        continue;
      }
      Node head = tail.first();
      if (tail.length() == 1 && head instanceof BytesNode node) {
        single = single.union(node.set);
      } else if (tail.length() == 1 && head instanceof ChoiceNode inner) {
        for (Node option : inner.options) {
          left.add(
              option instanceof SequenceNode node
                  ? new Tail(node.parts, 0)
                  : new Tail(List.of(option), 0));
        }
      } else if (depth < MAX_FACTORING) {
        byHead.computeIfAbsent(head, _ -> new ArrayList<>(1)).add(tail);
      } else {
        unfactored.add(rest(tail));
      }
    }
    List<Node> options = new ArrayList<>(unfactored);
    for (List<Tail> group : byHead.values()) {
      options.add(group.size() == 1 ? rest(group.getFirst()) : factored(group, depth));
    }
    if (!single.isEmpty()) {
      options.add(bytes(single));
    }
    return choiceOf(options);
  }

  private Node choiceOf(List<Node> options) {
    if (options.size() == 1) {
      return options.getFirst();
    }
    budget.spend(options.size());
    ChoiceNode known = choices.get(options);
    if (known == null) {
      grow(options.size());
      known = new ChoiceNode(options);
      choices.put(known.options, known);
    }
    return known;
  }

  /** Returns what tails have in common at their beginning, followed by the choice of the rest. */
  private Node factored(List<Tail> group, int depth) {
    int common = commonLength(group);
    Tail first = group.getFirst();
    List<Node> parts = new ArrayList<>(first.parts.subList(first.from, first.from + common));
    List<Tail> rests = new ArrayList<>(group.size());
    for (Tail tail : group) {
      rests.add(new Tail(tail.parts, tail.from + common));
    }
    parts.add(choice(rests, depth + 1));
    return sequence(parts);
  }

  private Node rest(Tail tail) {
    return sequence(tail.parts.subList(tail.from, tail.parts.size()));
  }

  private int commonLength(List<Tail> group) {
    Tail first = group.getFirst();
    int common = first.length();
    for (Tail other : group) {
      int length = 0;
      while (length < Math.min(common, other.length())
          && first.parts.get(first.from + length) == other.parts.get(other.from + length)) {
        length++;
      }
      budget.spend(1 + length);
      common = length;
    }
    return common;
  }

  private void grow(int references) {
    size += 1 + references;
    checkSize(size);
  }

  private void checkSize(int found) {
    if (found > MAX_SIZE) {
      throw new OutputConstraintException(
          "%s: expected a grammar of at most %d parts, found more".formatted(name, MAX_SIZE));
    }
  }
}
