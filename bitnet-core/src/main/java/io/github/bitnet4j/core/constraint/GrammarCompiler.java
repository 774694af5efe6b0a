package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.Expr.Bytes;
import io.github.bitnet4j.core.constraint.Expr.Choice;
import io.github.bitnet4j.core.constraint.Expr.Repeat;
import io.github.bitnet4j.core.constraint.Expr.Rule;
import io.github.bitnet4j.core.constraint.Expr.Sequence;
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
 * Makes a {@link Program} of a {@link Grammar}. On the way
 *
 * <ul>
 *   <li>what can never be completed is left out, so that every state has a way to the end;
 *   <li>bodies of repetitions are reduced to their texts that are not empty: every repetition then
 *       consumes bytes, and running never goes round without;
 *   <li>alternatives that begin alike share their beginning. {@code term "+" expr | term} would
 *       otherwise double the number of stacks with every nesting of a term.
 * </ul>
 */
final class GrammarCompiler {
  /** The most references from nodes to nodes; bounds memory and time. */
  private static final int MAX_SIZE = 2_000_000;

  /** How deep alternatives are searched for common beginnings. */
  private static final int MAX_FACTORING = 100;

  private final Grammar grammar;
  private final GrammarAnalysis analysis;

  private final Map<ByteSet, Node> bytes = new HashMap<>();
  private final Map<List<Node>, Node> sequences = new HashMap<>();
  private final Map<List<Node>, Node> choices = new HashMap<>();
  private final Map<RepeatKey, Node> repeats = new HashMap<>();
  private final Map<RuleKey, RuleNode> rules = new HashMap<>();

  /** Rules whose bodies are still to be made. */
  private final Deque<OpenRule> open = new ArrayDeque<>();

  private final Node empty = sequence(List.of());
  private final Node never = choice(List.of(), 0);
  private int size;

  private record RepeatKey(Node body, int min, int max) {}

  /** A rule, or only its texts that are not empty. */
  private record RuleKey(int rule, boolean nonEmpty) {}

  private record OpenRule(RuleNode node, RuleKey key) {}

  private GrammarCompiler(Grammar grammar) {
    this.grammar = grammar;
    analysis = new GrammarAnalysis(grammar);
  }

  /**
   * Compiles a grammar.
   *
   * @throws OutputConstraintException if it is left-recursive, matches nothing or is too large
   */
  static Program compile(Grammar grammar) {
    return new GrammarCompiler(grammar).program();
  }

  private Program program() {
    Node root = rule(new RuleKey(0, false));
    while (!open.isEmpty()) {
      OpenRule next = open.remove();
      RuleKey key = next.key;
      Expr content = grammar.rules().get(key.rule);
      next.node.setBody(key.nonEmpty ? nonEmpty(content) : node(content));
    }
    Set<ByteSet> sets = new LinkedHashSet<>(bytes.keySet());
    sets.add(ByteSet.range(' ', ' ')); // see Automaton.start
    return new Program(root, sets);
  }

  private Node node(Expr expr) {
    return switch (expr) {
      case Bytes(ByteSet set) -> bytes(set);
      case Sequence(List<Expr> parts) -> sequence(parts.stream().map(this::node).toList());
      case Choice(List<Expr> options) -> choice(options.stream().map(this::node).toList(), 0);
      case Repeat(Expr body, int min, int max) ->
          analysis.isNullable(body) ? repeat(nonEmpty(body), 0, max) : repeat(node(body), min, max);
      case Rule(int index) -> rule(new RuleKey(index, false));
    };
  }

  /** Returns what an expression matches but for the empty text. */
  private Node nonEmpty(Expr expr) {
    if (!analysis.isNullable(expr)) {
      return node(expr);
    }
    return switch (expr) {
      case Bytes(ByteSet set) -> bytes(set);
      case Sequence(List<Expr> parts) -> {
        // The first part that is not empty, and whatever is behind it; the ends are shared.
        List<Node> options = new ArrayList<>();
        Node behind = empty;
        for (Expr part : parts.reversed()) {
          options.add(sequence(List.of(nonEmpty(part), behind)));
          RuleNode all = new RuleNode();
          all.setBody(sequence(List.of(node(part), behind)));
          behind = all;
        }
        yield choice(options, 0);
      }
      case Choice(List<Expr> options) -> choice(options.stream().map(this::nonEmpty).toList(), 0);
      case Repeat(Expr body, int min, int max) ->
          max == 0
              ? never
              : repeat(nonEmpty(body), analysis.isNullable(body) ? 1 : Math.max(min, 1), max);
      case Rule(int index) -> rule(new RuleKey(index, true));
    };
  }

  private Node bytes(ByteSet set) {
    return set.isEmpty() ? never : bytes.computeIfAbsent(set, BytesNode::new);
  }

  private Node rule(RuleKey key) {
    if (!analysis.isProductive(key.rule)) {
      return never;
    }
    RuleNode known = rules.get(key);
    if (known == null) {
      known = new RuleNode();
      rules.put(key, known);
      open.add(new OpenRule(known, key));
    }
    return known;
  }

  private Node sequence(List<Node> parts) {
    List<Node> flat = new ArrayList<>();
    for (Node part : parts) {
      if (part == never) {
        return never;
      }
      if (part instanceof SequenceNode inner) {
        flat.addAll(inner.parts);
      } else {
        flat.add(part);
      }
      checkSize(flat.size());
    }
    if (flat.size() == 1) {
      return flat.getFirst();
    }
    return sequences.computeIfAbsent(
        flat,
        _ -> {
          grow(flat.size());
          return new SequenceNode(flat);
        });
  }

  private Node repeat(Node body, int min, int max) {
    if (max == 0 || body == empty || body == never) {
      return min == 0 || max == 0 || body == empty ? empty : never;
    }
    if (min == 1 && max == 1) {
      return body;
    }
    return repeats.computeIfAbsent(
        new RepeatKey(body, min, max),
        _ -> {
          grow(1);
          return new RepeatNode(body, min, max);
        });
  }

  private Node choice(List<Node> options, int depth) {
    ByteSet single = ByteSet.NONE;
    Set<Node> flat = new LinkedHashSet<>();
    Deque<Node> left = new ArrayDeque<>(options);
    while (!left.isEmpty()) {
      switch (left.remove()) {
        case BytesNode node -> single = single.union(node.set);
        case ChoiceNode inner -> left.addAll(inner.options);
        case Node other -> flat.add(other);
      }
    }
    List<Node> factored = depth < MAX_FACTORING ? factor(flat, depth) : new ArrayList<>(flat);
    if (!single.isEmpty()) {
      factored.add(bytes(single));
    }
    if (factored.size() == 1) {
      return factored.getFirst();
    }
    return choices.computeIfAbsent(
        factored,
        _ -> {
          grow(factored.size());
          return new ChoiceNode(factored);
        });
  }

  /** Puts options together that begin with the same node. */
  private List<Node> factor(Set<Node> options, int depth) {
    Map<Node, List<List<Node>>> byHead = new LinkedHashMap<>();
    for (Node option : options) {
      List<Node> parts = option instanceof SequenceNode node ? node.parts : List.of(option);
      Node head = parts.isEmpty() ? option : parts.getFirst();
      byHead.computeIfAbsent(head, _ -> new ArrayList<>()).add(parts);
    }
    List<Node> factored = new ArrayList<>();
    for (List<List<Node>> group : byHead.values()) {
      if (group.size() == 1) {
        factored.add(sequence(group.getFirst()));
        continue;
      }
      int common = commonLength(group);
      List<Node> parts = new ArrayList<>(group.getFirst().subList(0, common));
      parts.add(
          choice(
              group.stream().map(tail -> sequence(tail.subList(common, tail.size()))).toList(),
              depth + 1));
      factored.add(sequence(parts));
    }
    return factored;
  }

  private static int commonLength(List<List<Node>> group) {
    List<Node> first = group.getFirst();
    int common = first.size();
    for (List<Node> other : group) {
      int length = 0;
      while (length < Math.min(common, other.size()) && first.get(length) == other.get(length)) {
        length++;
      }
      common = length;
    }
    return common;
  }

  private void grow(int references) {
    size += references;
    checkSize(size);
  }

  private void checkSize(int found) {
    if (found > MAX_SIZE) {
      throw new OutputConstraintException(
          "%s: expected a grammar of at most %d parts, found more"
              .formatted(grammar.names().getFirst(), MAX_SIZE));
    }
  }
}
