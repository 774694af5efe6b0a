package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.util.BitSet;
import java.util.List;

/**
 * Breaks every special token in a rendered prompt that data has a part in.
 *
 * <p>A guard character, which occurs nowhere else, goes between two characters of each such
 * occurrence, next to one that comes from data. So no occurrence that has a character from data
 * stays whole, also one at the edge of a content that template text completes; and one wholly
 * written by the template never has a guard inside, since both neighbours of a gap in it are the
 * template's. The tokenizer drops the guards after it has looked for special tokens.
 */
public final class SpecialTokenGuard {
  private SpecialTokenGuard() {}

  /**
   * A prompt in which special tokens may be looked for.
   *
   * @param text the prompt with guards
   * @param guard the guard character
   */
  public record Guarded(String text, char guard) {}

  /**
   * Returns the prompt with guards.
   *
   * @throws ChatTemplateException if a special token of one character comes from data, or if no
   *     character is free
   */
  public static Guarded guard(Text prompt, List<String> specialTokens) {
    BitSet gaps = new BitSet();
    for (String token : specialTokens) {
      if (!token.isEmpty()) {
        findGaps(prompt, token, gaps);
      }
    }
    char guard = freeCharacter(prompt.value(), specialTokens);
    StringBuilder guarded = new StringBuilder(prompt.length() + gaps.cardinality());
    int from = 0;
    for (int gap = gaps.nextSetBit(0); gap >= 0; gap = gaps.nextSetBit(gap + 1)) {
      guarded.append(prompt.value(), from, gap).append(guard);
      from = gap;
    }
    guarded.append(prompt.value(), from, prompt.length());
    return new Guarded(guarded.toString(), guard);
  }

  private static void findGaps(Text prompt, String token, BitSet gaps) {
    String text = prompt.value();
    int at = text.indexOf(token);
    while (at >= 0) {
      int data = lastData(prompt, at, at + token.length());
      int next = at + 1;
      if (data >= 0) {
        if (token.length() == 1) {
          throw new ChatTemplateException(
              "a message contains '" + token + "', which is a special token of the model");
        }
        int gap = data + 1 < at + token.length() ? data + 1 : data;
        gaps.set(gap);
        // Occurrences that start before the gap contain it too.
        next = gap;
      }
      at = text.indexOf(token, next);
    }
  }

  /** Returns the last index in the range whose character comes from data, or -1. */
  private static int lastData(Text prompt, int from, int to) {
    for (int i = to - 1; i >= from; i--) {
      if (prompt.isData(i)) {
        return i;
      }
    }
    return -1;
  }

  /** Noncharacters come first: they are in no proper text. Then characters for private use. */
  private static char freeCharacter(String text, List<String> specialTokens) {
    for (int c = 0xfdd0; c <= 0xfdef; c++) {
      if (isFree((char) c, text, specialTokens)) {
        return (char) c;
      }
    }
    for (int c = 0xe000; c <= 0xf8ff; c++) {
      if (isFree((char) c, text, specialTokens)) {
        return (char) c;
      }
    }
    throw new ChatTemplateException("the messages use up all characters for private use");
  }

  private static boolean isFree(char c, String text, List<String> specialTokens) {
    boolean free = text.indexOf(c) < 0;
    for (int i = 0; free && i < specialTokens.size(); i++) {
      free = specialTokens.get(i).indexOf(c) < 0;
    }
    return free;
  }
}
