package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {
  @Test
  void findsAStopStringAcrossPieces() {
    var stops = new StopStrings(List.of("\n\nUser:"));

    assertThat(stops.accept("Hello.\n")).isEqualTo("Hello.");
    assertThat(stops.accept("\nUs")).isEmpty();
    assertThat(stops.stop()).isEmpty();
    assertThat(stops.accept("er: hi")).isEmpty();
    assertThat(stops.stop()).hasValue("\n\nUser:");
    assertThat(stops.accept("more")).isEmpty();
    assertThat(stops.finish()).isEmpty();
  }

  @Test
  void releasesWhatWasHeldBackInVain() {
    var stops = new StopStrings(List.of("abac", "x"));

    assertThat(stops.accept("aba")).isEmpty();
    assertThat(stops.accept("b")).isEqualTo("ab");
    assertThat(stops.finish()).isEqualTo("ab");
    assertThat(stops.accept("c")).as("after a new start").isEqualTo("c");
  }

  @Test
  void letsAllTextPassWithoutStopStrings() {
    var stops = new StopStrings(List.of());

    assertThat(stops.accept("anything")).isEqualTo("anything");
    assertThat(stops.finish()).isEmpty();
  }

  @Test
  void refusesAnEmptyStopString() {
    assertThatThrownBy(() -> new StopStrings(List.of("a", "")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("stop string 1 is empty");
  }

  @Test
  void agreesWithASearchOfTheWholeTextWhateverThePieces() {
    long seed = 3;
    Random random = new Random(seed);
    int found = 0;
    for (int i = 0; i < 5_000; i++) {
      List<String> patterns = new ArrayList<>();
      int count = random.nextInt(4);
      for (int p = 0; p < count; p++) {
        patterns.add(randomText(random, 1 + random.nextInt(6)));
      }
      String text = randomText(random, random.nextInt(40));
      var stops = new StopStrings(patterns);
      var released = new StringBuilder();
      int seen = 0;
      while (seen < text.length() && stops.stop().isEmpty()) {
        int end = seen + 1 + random.nextInt(Math.min(5, text.length() - seen));
        released.append(stops.accept(text.substring(seen, end)));
        seen = end;
        assertThat(released.toString())
            .as("seed %d, case %d: %s in %s after %d", seed, i, patterns, text, seen)
            .isEqualTo(releasable(text.substring(0, seen), patterns));
      }
      found += stops.stop().isPresent() ? 1 : 0;
      boolean stopped = stops.stop().isPresent();
      released.append(stops.finish());
      if (!stopped) {
        assertThat(released.toString()).as("seed %d, case %d", seed, i).isEqualTo(text);
      }
    }
    assertThat(found).isBetween(1000, 4500);
  }

  /** All but what a stop string took or may still take, by trying everything. */
  private static String releasable(String text, List<String> patterns) {
    for (int end = 1; end <= text.length(); end++) {
      int longest = 0;
      for (String pattern : patterns) {
        if (text.substring(0, end).endsWith(pattern)) {
          longest = Math.max(longest, pattern.length());
        }
      }
      if (longest > 0) {
        return text.substring(0, end - longest);
      }
    }
    for (int start = 0; start < text.length(); start++) {
      String rest = text.substring(start);
      if (patterns.stream().anyMatch(pattern -> pattern.startsWith(rest))) {
        return text.substring(0, start);
      }
    }
    return text;
  }

  private static String randomText(Random random, int length) {
    var text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }
}
