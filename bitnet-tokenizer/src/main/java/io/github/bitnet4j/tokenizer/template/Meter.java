package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.ChatTemplateException;

/**
 * What one rendering may still use, and the place it has reached. Work is counted in units of a few
 * nanoseconds and a few bytes at most, so its limit bounds time and memory alike.
 */
final class Meter {
  /** Longest string, and so the longest output. */
  static final int MAX_TEXT = 1 << 24;

  /** Deepest nesting of evaluation, macro calls included; a level takes a few stack frames. */
  static final int MAX_DEPTH = 200;

  /** Deepest nesting of lists and dictionaries that is printed, compared or taken in. */
  static final int MAX_NESTING = 100;

  /** What a new object is charged, in units. */
  static final int OBJECT = 32;

  private static final long BASE_WORK = 20_000_000;

  /** A long conversation is looked at many times by a good template too. */
  private static final long WORK_PER_INPUT = 64;

  private final Source source;
  private long workLeft = BASE_WORK;
  private int depth;
  private int at;

  Meter(Source source) {
    this.source = source;
  }

  /** Raises the limit for input of this size. */
  void allowFor(long inputUnits) {
    workLeft += WORK_PER_INPUT * inputUnits;
  }

  void at(int offset) {
    at = offset;
  }

  void enter(int offset) {
    at = offset;
    enter();
  }

  /** Goes one level deeper; {@link #leave} must follow, unless the rendering fails. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      throw error("evaluation is nested more than " + MAX_DEPTH + " levels deep");
    }
    charge(1);
  }

  void leave() {
    depth--;
  }

  void charge(long units) {
    workLeft -= units;
    if (workLeft < 0) {
      throw error("the template does too much work; it may not end");
    }
  }

  /** Counts a list of this many elements that is about to be made. */
  void chargeItems(long count) {
    charge(OBJECT + 4 * count);
  }

  /** Counts a string that is about to be made, and checks its length. */
  void chargeText(long length) {
    if (length > MAX_TEXT) {
      throw error("the text grows beyond " + MAX_TEXT + " characters");
    }
    charge(OBJECT + length);
  }

  /** Counts one search, at its worst case. */
  void chargeSearch(int textLength, int patternLength) {
    charge(1 + textLength + (long) textLength * patternLength / 64);
  }

  ChatTemplateException error(String message) {
    return source.error(at, message);
  }

  /** Returns an exception for an operand of a wrong type. */
  ChatTemplateException wrongType(String what, String expected, Value found) {
    return error(what + ": expected " + expected + ", found " + found.describe());
  }
}
