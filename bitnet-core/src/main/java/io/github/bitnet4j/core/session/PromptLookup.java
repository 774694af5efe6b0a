package io.github.bitnet4j.core.session;

import java.util.Arrays;

/**
 * Guesses the tokens that follow a text from the text itself: what followed the last tokens when
 * they last stood together. Summaries, edits and quotations repeat long stretches of their prompt.
 *
 * <p>It also learns how often such guesses come true, by the number of tokens in a row that they
 * rest on. Every token teaches it, whether its guess was used or not, so that it is bold only where
 * boldness would have paid. Belongs to one generation.
 */
final class PromptLookup {
  /** The longest runs of tokens that are looked up; from there on a guess is followed. */
  private static final int MAX_RUN = 3;

  /** Longer runs than this are equally trustworthy. */
  private static final int MAX_TRUST = 8;

  /** The weight of the newest guess in what is known about such guesses. */
  private static final double LEARNING_RATE = 1.0 / 12;

  private final int[] ids;
  private final int promptLength;
  private final int hashBits;

  /**
   * For each length of run the place after the last such run, at the hash of its ids; 0 is none.
   */
  private final int[][] places;

  /** How often guesses came true, by the length of the run they rest on. */
  private final double[] trust = {0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8};

  private int length;

  /** The place that the next token is guessed from, 0 if there is none. */
  private int source;

  /** How many tokens before {@link #source} are also the last tokens of the text. */
  private int run;

  /**
   * Creates a lookup that knows no token yet.
   *
   * @param ids the prompt, and room for what will follow; elements after the text are scratch
   *     memory
   */
  PromptLookup(int[] ids, int promptLength) {
    this.ids = ids;
    this.promptLength = promptLength;
    hashBits = 33 - Integer.numberOfLeadingZeros(ids.length); // at most half full
    places = new int[MAX_RUN][1 << hashBits];
  }

  /** Takes in the ids up to {@code newLength}. */
  void extend(int newLength) {
    while (length < newLength) {
      if (source > 0) {
        follow(ids[length]);
      }
      length++;
      remember();
    }
  }

  /** Compares the guess for the next token with the token. */
  private void follow(int id) {
    boolean right = ids[source] == id;
    if (length >= promptLength) { // how often the prompt repeats itself says little
      int index = Math.min(run, MAX_TRUST);
      trust[index] += LEARNING_RATE * ((right ? 1 : 0) - trust[index]);
    }
    source = right ? source + 1 : 0;
    run = right ? run + 1 : 0;
  }

  /** Enters the last runs of the text; looks them up if no guess is being followed. */
  private void remember() {
    for (int n = Math.min(MAX_RUN, length); n > 0; n--) {
      int slot = slot(n);
      int place = places[n - 1][slot];
      if (place > 0 && n > run && endsAlike(place, n)) {
        source = place;
        run = n;
      }
      places[n - 1][slot] = length;
    }
  }

  private int slot(int n) {
    int hash = 0;
    for (int i = length - n; i < length; i++) {
      hash = (hash + ids[i]) * 0x9E3779B1;
    }
    return hash >>> (32 - hashBits);
  }

  private boolean endsAlike(int place, int n) {
    return place >= n && Arrays.equals(ids, place - n, place, ids, length - n, length);
  }

  /**
   * Writes the guesses for the next tokens behind the text, as many as promise the most tokens for
   * the time they take.
   *
   * @param most the largest number of guesses
   * @return their number, often 0
   */
  int draft(int most, PassCosts costs) {
    if (source == 0) {
      return 0;
    }
    int best = 0;
    double bestRate = PassCosts.WORTHWHILE; // tokens for the time of a pass with one row
    double expected = 1;
    double probability = 1;
    for (int count = 1; count <= most; count++) {
      probability *= trust[Math.min(run + count - 1, MAX_TRUST)];
      expected += probability;
      double rate = expected / costs.of(1 + count);
      if (rate > bestRate) {
        best = count;
        bestRate = rate;
      }
    }
    for (int i = 0; i < best; i++) {
      ids[length + i] = ids[source + i]; // may be a guess that was just written
    }
    return best;
  }
}
