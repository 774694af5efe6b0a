package io.github.bitnet4j.core.constraint;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A part of a grammar as the {@link Automaton} runs it. Equal parts are one object, so that nodes
 * are compared by identity. Immutable but for the body of a {@link RuleNode}, which is set once.
 */
abstract sealed class Node {
  /**
   * Goes on from a frame of this node as far as possible without a byte.
   *
   * @param position where in the node: parts or repetitions that are done
   * @param rest what follows the node; null at the end of the text
   */
  abstract void expand(int position, @Nullable Frame rest, Automaton.Closure closure);

  /** One byte of a set. */
  static final class BytesNode extends Node {
    final ByteSet set;

    BytesNode(ByteSet set) {
      this.set = set;
    }

    @Override
    void expand(int position, @Nullable Frame rest, Automaton.Closure closure) {
      closure.addItem(this, rest);
    }
  }

  /** One after the other; not one alone. */
  static final class SequenceNode extends Node {
    final List<Node> parts;

    SequenceNode(List<Node> parts) {
      this.parts = parts;
    }

    @Override
    void expand(int position, @Nullable Frame rest, Automaton.Closure closure) {
      if (parts.isEmpty()) {
        closure.leave(rest);
        return;
      }
      boolean last = position + 1 == parts.size();
      closure.enter(parts.get(position), last ? rest : closure.frame(this, position + 1, rest));
    }
  }

  /** One of several. */
  static final class ChoiceNode extends Node {
    final List<Node> options;

    ChoiceNode(List<Node> options) {
      this.options = options;
    }

    @Override
    void expand(int position, @Nullable Frame rest, Automaton.Closure closure) {
      for (Node option : options) {
        closure.enter(option, rest);
      }
    }
  }

  /** Several times; the body never matches the empty text. */
  static final class RepeatNode extends Node {
    final Node body;
    final int min;
    final int max;

    RepeatNode(Node body, int min, int max) {
      this.body = body;
      this.min = min;
      this.max = max;
    }

    @Override
    void expand(int position, @Nullable Frame rest, Automaton.Closure closure) {
      if (position >= min) {
        closure.leave(rest);
      }
      int done = max == Expr.UNBOUNDED ? Math.min(position + 1, min) : position + 1;
      closure.enter(body, done == max ? rest : closure.frame(this, done, rest));
    }
  }

  /** What a rule says. */
  static final class RuleNode extends Node {
    private @Nullable Node body;

    void setBody(Node body) {
      this.body = body;
    }

    @Override
    void expand(int position, @Nullable Frame rest, Automaton.Closure closure) {
      if (body == null) {
        throw new AssertionError("a rule without a body");
      }
      closure.enter(body, rest);
    }
  }
}
