package io.github.bitnet4j.tokenizer;

import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Finds added tokens in text by their names: from left to right, the longest name at each place.
 *
 * <p>The rules are those of Hugging Face's {@code AddedVocabulary}: a special token that is not to
 * be parsed still takes its place (its text is ordinary, and no other added token is looked for
 * inside it), all other added tokens are always found. Time is linear in the text, times the length
 * of the longest name, {@value #MAX_NAME_LENGTH} at most.
 */
final class AddedTokens {
  static final int MAX_NAME_LENGTH = 256;

  /**
   * An added token of a vocabulary.
   *
   * @param special whether it is a control token, found only when special tokens are parsed
   * @param normalized whether it is looked for after all tokens that are not
   * @param singleWord whether it counts only where no word character touches it
   * @param lstrip whether it takes the white space before it along
   * @param rstrip whether it takes the white space after it along
   */
  record AddedToken(
      int id,
      String name,
      boolean special,
      boolean normalized,
      boolean singleWord,
      boolean lstrip,
      boolean rstrip) {

    /** Returns the token as it is looked for in normalized text. */
    AddedToken withName(String normalizedName) {
      return new AddedToken(id, normalizedName, special, normalized, singleWord, lstrip, rstrip);
    }
  }

  /** A token found in a text, from {@code start} to {@code end}. */
  record Match(int start, int end, int id) {}

  /** Sorted by name, so that the names with a common start are neighbours. */
  private final AddedToken[] tokens;

  private final BitSet firstChars = new BitSet();
  private final boolean anyOrdinary;

  /** Creates a finder; names are unique, not empty, at most {@link #MAX_NAME_LENGTH} long. */
  AddedTokens(Collection<AddedToken> tokens) {
    this.tokens =
        tokens.stream().sorted(Comparator.comparing(AddedToken::name)).toArray(AddedToken[]::new);
    tokens.forEach(token -> firstChars.set(token.name().charAt(0)));
    anyOrdinary = tokens.stream().anyMatch(token -> !token.special());
  }

  /** Returns whether there is no token at all. */
  boolean isEmpty() {
    return tokens.length == 0;
  }

  /**
   * Returns the first token at or after {@code from}.
   *
   * @param segmentStart where the text begins that a single word may touch
   * @param to where the text ends
   */
  @Nullable Match find(String text, int segmentStart, int from, int to, boolean parseSpecial) {
    if (!parseSpecial && !anyOrdinary) {
      return null;
    }
    int at = from;
    while (at < to) {
      AddedToken token = firstChars.get(text.charAt(at)) ? longestAt(text, at, to) : null;
      if (token == null) {
        at++;
        continue;
      }
      int end = at + token.name().length();
      if ((!token.special() || parseSpecial)
          && (!token.singleWord() || standsAlone(text, segmentStart, at, end, to))) {
        return strip(token, text, from, at, end, to);
      }
      at = end;
    }
    return null;
  }

  private static Match strip(AddedToken token, String text, int from, int at, int end, int to) {
    int start = at;
    while (token.lstrip() && start > from && CharClass.isWhiteSpace(text.charAt(start - 1))) {
      start--;
    }
    while (token.rstrip() && end < to && CharClass.isWhiteSpace(text.charAt(end))) {
      end++;
    }
    return new Match(start, end, token.id());
  }

  private static boolean standsAlone(String text, int segmentStart, int start, int end, int to) {
    return (start == segmentStart || !CharClass.isWord(text.codePointBefore(start)))
        && (end == to || !CharClass.isWord(text.codePointAt(end)));
  }

  /** Narrows the range of names that start like the text by one character after the other. */
  private @Nullable AddedToken longestAt(String text, int from, int to) {
    AddedToken longest = null;
    int low = 0;
    int high = tokens.length;
    for (int depth = 0; from + depth < to && low < high; depth++) {
      char c = text.charAt(from + depth);
      low = firstNotBelow(c, depth, low, high);
      high = firstNotBelow(c + 1, depth, low, high);
      if (low < high && tokens[low].name().length() == depth + 1) {
        longest = tokens[low];
        low++;
      }
    }
    return longest;
  }

  /** All names of the range are longer than {@code depth} and equal before it. */
  private int firstNotBelow(int c, int depth, int low, int high) {
    int from = low;
    int to = high;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (tokens[middle].name().charAt(depth) < c) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }
}
