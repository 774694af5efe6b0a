package io.github.bitnet4j.cli;

import java.util.Optional;

/** Checks that the words of the command line have reached the program as they were typed. */
final class Arguments {
  private Arguments() {}

  /**
   * Returns what is wrong with the first damaged word. Java reads bytes that the locale does not
   * know as U+FFFD; the program would compute something else than was asked for.
   */
  static Optional<String> damage(String[] args) {
    for (int i = 0; i < args.length; i++) {
      String word = args[i];
      int at = firstDamaged(word);
      if (at >= 0) {
        return Optional.of(
            ("%s: expected characters, found %s at index %d; the locale cannot represent what was"
                    + " typed: set LC_ALL=C.UTF-8, or another locale that is installed")
                .formatted(
                    name(args, i),
                    word.charAt(at) == '\uFFFD' ? "U+FFFD" : "half a surrogate pair",
                    at));
      }
    }
    return Optional.empty();
  }

  /** Returns the option that a word belongs to, or the number of the word. */
  private static String name(String[] args, int index) {
    String word = args[index];
    int equals = word.indexOf('=');
    if (word.startsWith("--") && equals > 0 && firstDamaged(word.substring(0, equals)) < 0) {
      return word.substring(0, equals);
    }
    boolean isValue = index > 0 && args[index - 1].startsWith("--") && !word.startsWith("-");
    return isValue && firstDamaged(args[index - 1]) < 0
        ? args[index - 1]
        : "argument " + (index + 1);
  }

  private static int firstDamaged(String word) {
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < word.length()
              && Character.isLowSurrogate(word.charAt(i + 1));
      if (pair) {
        i++;
      } else if (c == '\uFFFD' || Character.isSurrogate(c)) {
        return i;
      }
    }
    return -1;
  }
}
