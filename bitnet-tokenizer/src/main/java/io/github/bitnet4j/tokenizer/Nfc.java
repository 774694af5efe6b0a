package io.github.bitnet4j.tokenizer;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A text in Unicode normalization form C, with the places of its characters in the original. Time
 * is linear in the text but for a logarithm, whatever it consists of.
 */
final class Nfc {
  /** Longer runs of marks are put into order here: the JDK takes the square of their length. */
  private static final int MAX_MARKS = 64;

  private static final String FIRST_CLASS_MARK = "\u0334";
  private static final String LAST_CLASS_MARK = "\u0345";

  private final String text;
  private final int[] starts;
  private final int[] ends;

  private Nfc(String text, int[] starts, int[] ends) {
    this.text = text;
    this.starts = starts;
    this.ends = ends;
  }

  /** Returns the normalized text; the text itself if it is normalized. */
  static String normalize(String text) {
    return isAscii(text, 0, text.length())
        ? text
        : Normalizer.normalize(withOrderedMarks(text), Form.NFC);
  }

  /** Returns whether a part of a text is ASCII, which is normalized always. */
  static boolean isAscii(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  /** Returns the normalized text with the places of its characters. */
  static Nfc located(String text) {
    String whole = normalize(text);
    int[] starts = new int[whole.length()];
    int[] ends = new int[whole.length()];
    StringBuilder normalized = new StringBuilder(whole.length());
    for (int from = 0; from < text.length(); ) {
      int to = clusterEnd(text, from);
      String part = normalize(text.substring(from, to));
      int begin = normalized.length();
      if (!whole.startsWith(part, begin)) {
        return unlocated(whole, text.length());
      }
      normalized.append(part);
      for (int i = begin; i < normalized.length(); i++) {
        boolean same =
            part.length() == to - from && part.charAt(i - begin) == text.charAt(from + i - begin);
        starts[i] = same ? from + i - begin : from;
        ends[i] = same ? from + i - begin + 1 : to;
      }
      from = to;
    }
    return normalized.length() == whole.length()
        ? new Nfc(whole, starts, ends)
        : unlocated(whole, text.length());
  }

  /** A text in which every character may come from anywhere in the original. */
  private static Nfc unlocated(String whole, int length) {
    int[] ends = new int[whole.length()];
    Arrays.fill(ends, length);
    return new Nfc(whole, new int[whole.length()], ends);
  }

  /** Returns the end of a character and of all that may be composed with it. */
  private static int clusterEnd(String text, int from) {
    int end = from + Character.charCount(text.codePointAt(from));
    while (end < text.length() && mayCompose(text.codePointAt(end))) {
      end += Character.charCount(text.codePointAt(end));
    }
    return end;
  }

  /** Whether a character may change with what precedes it: marks, and vowels of two scripts. */
  private static boolean mayCompose(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
          true;
      default -> (c >= 0x1160 && c <= 0x11FF) || (c >= 0x16D40 && c <= 0x16D7F);
    };
  }

  String text() {
    return text;
  }

  /** Returns where the original of the character at an index starts. */
  int start(int index) {
    return index < starts.length ? starts[index] : end(index);
  }

  /** Returns where the original of the characters before an index ends. */
  int end(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  private static String withOrderedMarks(String text) {
    StringBuilder result = null;
    int copied = 0;
    for (int from = 0; from < text.length(); ) {
      int to = from;
      while (to < text.length() && isMark(text.codePointAt(to))) {
        to += Character.charCount(text.codePointAt(to));
      }
      if (to - from > MAX_MARKS) {
        result = result == null ? new StringBuilder(text.length()) : result;
        result.append(text, copied, from).append(ordered(text.substring(from, to)));
        copied = to;
      }
      from = to == text.length() ? to : to + Character.charCount(text.codePointAt(to));
    }
    return result == null ? text : result.append(text, copied, text.length()).toString();
  }

  private static boolean isMark(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK -> true;
      default -> false;
    };
  }

  /** Decomposes a run of marks and puts them into canonical order, stably. */
  private static String ordered(String marks) {
    StringBuilder decomposed = new StringBuilder(marks.length());
    marks
        .codePoints()
        .forEach(c -> decomposed.append(Normalizer.normalize(Character.toString(c), Form.NFD)));
    Map<Integer, Boolean> starters = new HashMap<>();
    StringBuilder result = new StringBuilder(decomposed.length());
    List<Integer> run = new ArrayList<>();
    for (int i = 0; i < decomposed.length(); ) {
      int c = decomposed.codePointAt(i);
      i += Character.charCount(c);
      if (starters.computeIfAbsent(c, mark -> startsOrder(Character.toString(mark)))) {
        appendOrdered(run, result);
        result.appendCodePoint(c);
      } else {
        run.add(c);
      }
    }
    appendOrdered(run, result);
    return result.toString();
  }

  /** Whether nothing may be moved across a character: its combining class is 0. */
  private static boolean startsOrder(String mark) {
    return !comesBefore(FIRST_CLASS_MARK, mark)
        && !comesBefore(mark, LAST_CLASS_MARK)
        && !mark.equals(LAST_CLASS_MARK)
        && !mark.equals(FIRST_CLASS_MARK);
  }

  /** Whether canonical order moves the first mark before the second: its class is lower. */
  private static boolean comesBefore(String first, String second) {
    return Normalizer.normalize(second + first, Form.NFD).startsWith(first)
        && !first.equals(second);
  }

  /** Appends marks in the order of their combining classes, and clears the list. */
  private static void appendOrdered(List<Integer> run, StringBuilder result) {
    Map<Integer, Integer> classes = new HashMap<>();
    List<String> representatives = new ArrayList<>();
    for (int mark : run) {
      classes.computeIfAbsent(mark, c -> 0);
    }
    for (int mark : classes.keySet()) {
      String text = Character.toString(mark);
      int at = 0;
      while (at < representatives.size() && comesBefore(representatives.get(at), text)) {
        at++;
      }
      boolean known = at < representatives.size() && !comesBefore(text, representatives.get(at));
      if (!known) {
        representatives.add(at, text);
      }
    }
    for (Map.Entry<Integer, Integer> entry : classes.entrySet()) {
      String text = Character.toString(entry.getKey());
      int at = 0;
      while (comesBefore(representatives.get(at), text)) {
        at++;
      }
      entry.setValue(at);
    }
    run.sort(Comparator.comparing(classes::get));
    run.forEach(result::appendCodePoint);
    run.clear();
  }
}
