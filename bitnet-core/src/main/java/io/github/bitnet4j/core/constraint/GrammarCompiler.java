package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.Expr.Bytes;
import io.github.bitnet4j.core.constraint.Expr.Choice;
import io.github.bitnet4j.core.constraint.Expr.Repeat;
import io.github.bitnet4j.core.constraint.Expr.Rule;
import io.github.bitnet4j.core.constraint.Expr.Sequence;
import io.github.bitnet4j.core.constraint.Node.RuleNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a {@link Program} of a {@link Grammar}. On the way
 *
 * <ul>
 *   <li>what can never be completed is left out, so that every state has a way to the end;
 *   <li>bodies of repetitions are reduced to their texts that are not empty: every repetition then
 *       consumes bytes, and running never goes round without;
 *   <li>alternatives that begin alike share their beginning, see {@link NodeBuilder}.
 * </ul>
 *
 * <p>Each expression object is compiled at most twice, once whole and once without the empty text;
 * the budget bounds the work on what nodes copy from each other.
 */
final class GrammarCompiler {
  private final Grammar grammar;
  private final GrammarAnalysis analysis;
  private final NodeBuilder nodes;

  private final Map<RuleKey, RuleNode> rules = new HashMap<>();

  /** Expressions that have been compiled, and those without the empty text. */
  private final IdentityHashMap<Expr, Node> whole = new IdentityHashMap<>();

  private final IdentityHashMap<Expr, Node> withoutEmpty = new IdentityHashMap<>();

  /** Rules whose bodies are still to be made. */
  private final Deque<OpenRule> open = new ArrayDeque<>();

  /** A rule, or only its texts that are not empty. */
  private record RuleKey(int rule, boolean nonEmpty) {}

  private record OpenRule(RuleNode node, RuleKey key) {}

  private GrammarCompiler(Grammar grammar, WorkBudget budget) {
    this.grammar = grammar;
    analysis = new GrammarAnalysis(grammar, budget);
    nodes = new NodeBuilder(grammar.name(0), budget);
  }

  /**
   * Compiles a grammar.
   *
   * @throws OutputConstraintException if it is left-recursive, matches nothing, is too large or
   *     takes more work than the budget has
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  static Program compile(Grammar grammar, WorkBudget budget) {
    return new GrammarCompiler(grammar, budget).program(budget);
  }

  private Program program(WorkBudget budget) {
    Node root = rule(new RuleKey(0, false));
    while (!open.isEmpty()) {
      OpenRule next = open.remove();
      RuleKey key = next.key;
      Expr content = grammar.rules().get(key.rule);
      next.node.setBody(key.nonEmpty ? nonEmpty(content) : node(content));
    }
    return new Program(root, nodes.byteSets(), nodes.size(), budget);
  }

  private Node node(Expr expr) {
    if (expr instanceof Bytes(ByteSet set)) {
      return nodes.bytes(set);
    }
    Node known = whole.get(expr);
    if (known == null) {
      known = makeNode(expr);
      whole.put(expr, known);
    }
    return known;
  }

  private Node makeNode(Expr expr) {
    return switch (expr) {
      case Bytes(ByteSet set) -> nodes.bytes(set);
      case Sequence(List<Expr> parts) -> nodes.sequence(eachNode(parts));
      case Choice(List<Expr> options) -> nodes.choice(eachNode(options));
      case Repeat(Expr body, int min, int max) ->
          analysis.isNullable(body)
              ? nodes.repeat(nonEmpty(body), 0, max)
              : nodes.repeat(node(body), min, max);
      case Rule(int index) -> rule(new RuleKey(index, false));
    };
  }

  private List<Node> eachNode(List<Expr> exprs) {
    List<Node> each = new ArrayList<>(exprs.size());
    for (Expr expr : exprs) {
      each.add(node(expr));
    }
    return each;
  }

  /** Returns a node of the texts that an expression matches, except the empty text. */
  private Node nonEmpty(Expr expr) {
    if (!analysis.isNullable(expr)) {
      return node(expr);
    }
    Node known = withoutEmpty.get(expr);
    if (known == null) {
      known = makeNonEmpty(expr);
      withoutEmpty.put(expr, known);
    }
    return known;
  }

  private Node makeNonEmpty(Expr expr) {
    return switch (expr) {
      case Bytes(ByteSet set) -> nodes.bytes(set);
      case Sequence(List<Expr> parts) -> nonEmptySequence(parts);
      case Choice(List<Expr> options) -> {
        List<Node> each = new ArrayList<>(options.size());
        for (Expr option : options) {
          each.add(nonEmpty(option));
        }
        yield nodes.choice(each);
      }
      case Repeat(Expr body, int min, int max) ->
          max == 0
              ? nodes.never()
              : nodes.repeat(nonEmpty(body), analysis.isNullable(body) ? 1 : Math.max(min, 1), max);
      case Rule(int index) -> rule(new RuleKey(index, true));
    };
  }

  /** The first part that is not empty, and whatever follows it; the ends are shared. */
  private Node nonEmptySequence(List<Expr> parts) {
    List<Node> options = new ArrayList<>();
    Node behind = nodes.empty();
    for (int i = parts.size() - 1; i >= 0; i--) {
      options.add(nodes.sequence(List.of(nonEmpty(parts.get(i)), behind)));
      if (i > 0) {
        RuleNode all = nodes.rule();
        all.setBody(nodes.sequence(List.of(node(parts.get(i)), behind)));
        behind = all;
      }
    }
    return nodes.choice(options);
  }

  private Node rule(RuleKey key) {
    if (!analysis.isProductive(key.rule)) {
      return nodes.never();
    }
    RuleNode known = rules.get(key);
    if (known == null) {
      known = nodes.rule();
      rules.put(key, known);
      open.add(new OpenRule(known, key));
    }
    return known;
  }
}
