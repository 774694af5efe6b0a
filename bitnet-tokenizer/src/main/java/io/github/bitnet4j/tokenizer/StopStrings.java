package io.github.bitnet4j.tokenizer;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds the first of some stop strings in streamed text, across the borders of its pieces.
 *
 * <p>{@link #accept} returns the text that cannot be part of a stop string any more and holds back
 * the rest: the longest end of the text so far that a stop string begins with, no more. The text
 * stops as soon as a stop string is complete; of several that end at the same character the longest
 * counts. Nothing of that stop string, and nothing after it, is returned. The texts returned do not
 * depend on how the text is cut into pieces, and the time is linear in the text for a given list.
 *
 * <p>Belongs to one thread at a time.
 */
public final class StopStrings {
  private final List<String> stops;

  /**
   * For every stop string the failure function of Knuth, Morris and Pratt: the length of the
   * longest proper end of its first i characters that it begins with.
   */
  private final int[][] failures;

  /** For every stop string how many of its first characters the text ends with. */
  private final int[] matched;

  /** The text held back is the first {@code held} characters of this stop string. */
  private String heldOf = "";

  private int held;
  private Optional<String> stop = Optional.empty();

  /**
   * Creates a finder for one stream; without stop strings it lets all text pass at once.
   *
   * @throws IllegalArgumentException if a stop string is empty
   */
  public StopStrings(List<String> stops) {
    this.stops = List.copyOf(stops);
    matched = new int[this.stops.size()];
    failures = new int[this.stops.size()][];
    for (int i = 0; i < failures.length; i++) {
      if (this.stops.get(i).isEmpty()) {
        throw new IllegalArgumentException("stop string " + i + " is empty");
      }
      failures[i] = failures(this.stops.get(i));
    }
  }

  /**
   * Takes the next piece of the stream and returns the text that can be released, often empty;
   * always empty after a stop string was found.
   */
  public String accept(String piece) {
    if (stop.isPresent()) {
      return "";
    }
    int heldBefore = held;
    String heldOfBefore = heldOf;
    for (int i = 0; i < piece.length(); i++) {
      int complete = advance(piece.charAt(i));
      if (complete >= 0) {
        stop = Optional.of(stops.get(complete));
        int end = heldBefore + i + 1 - stops.get(complete).length();
        held = 0;
        return release(heldOfBefore, heldBefore, piece, end);
      }
    }
    hold();
    return release(heldOfBefore, heldBefore, piece, heldBefore + piece.length() - held);
  }

  /** Returns the stop string that was found, if one was. */
  public Optional<String> stop() {
    return stop;
  }

  /**
   * Ends the stream: returns the text still held back, empty if a stop string was found, and starts
   * anew.
   */
  public String finish() {
    String rest = heldOf.substring(0, held);
    held = 0;
    stop = Optional.empty();
    Arrays.fill(matched, 0);
    return rest;
  }

  /** Returns the index of the longest stop string that the character completes, or -1. */
  private int advance(char c) {
    int complete = -1;
    for (int i = 0; i < matched.length; i++) {
      String pattern = stops.get(i);
      int length = matched[i];
      while (length > 0 && pattern.charAt(length) != c) {
        length = failures[i][length];
      }
      if (pattern.charAt(length) == c) {
        length++;
      }
      matched[i] = length;
      if (length == pattern.length() && (complete < 0 || length > stops.get(complete).length())) {
        complete = i;
      }
    }
    return complete;
  }

  private void hold() {
    held = 0;
    for (int i = 0; i < matched.length; i++) {
      if (matched[i] > held) {
        held = matched[i];
        heldOf = stops.get(i);
      }
    }
  }

  /** Returns the first {@code length} characters of the held text followed by the piece. */
  private static String release(String heldOf, int held, String piece, int length) {
    return length <= held
        ? heldOf.substring(0, length)
        : heldOf.substring(0, held) + piece.substring(0, length - held);
  }

  private static int[] failures(String pattern) {
    int[] failures = new int[pattern.length() + 1];
    int length = 0;
    for (int i = 1; i < pattern.length(); i++) {
      while (length > 0 && pattern.charAt(length) != pattern.charAt(i)) {
        length = failures[length];
      }
      if (pattern.charAt(length) == pattern.charAt(i)) {
        length++;
      }
      failures[i + 1] = length;
    }
    return failures;
  }
}
