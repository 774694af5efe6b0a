package io.github.bitnet4j.core.constraint;

import org.jspecify.annotations.Nullable;

/**
 * What is left to match, as a stack: the rest of a node, then another frame, and so on. Within one
 * {@link Automaton} equal frames are one object.
 */
final class Frame {
  final Node node;

  /** How many parts or repetitions of the node are done. */
  final int position;

  /** What follows the node; null for the end of the text. */
  final @Nullable Frame rest;

  /** Its number in the automaton, in order of creation. */
  final int id;

  /** The last closure that has seen it. */
  int seenBy;

  Frame(Node node, int position, @Nullable Frame rest, int id) {
    this.node = node;
    this.position = position;
    this.rest = rest;
    this.id = id;
  }
}
