package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.constraint.CodePoints.Range;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns sets of characters into expressions over the bytes of their UTF-8.
 *
 * <p>A range is cut until all its characters have the same number of bytes, and a varying byte is
 * followed by bytes that take all their 64 values. Then each byte has a range of its own: U+0800 to
 * U+0FFF are E0, A0 to BF, 80 to BF.
 */
final class Utf8Ranges {
  private static final int[] LAST_OF_LENGTH = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};

  private Utf8Ranges() {}

  static Expr of(CodePoints set) {
    List<Expr> options = new ArrayList<>();
    for (Range range : set.ranges()) {
      int first = range.first();
      for (int i = 0; i < LAST_OF_LENGTH.length && first <= range.last(); i++) {
        int last = Math.min(range.last(), LAST_OF_LENGTH[i]);
        if (first <= last) {
          cut(first, last, i, options);
          first = last + 1;
        }
      }
    }
    return options.size() == 1 ? options.getFirst() : new Expr.Choice(options);
  }

  /** Adds characters with {@code following} bytes after their first one. */
  private static void cut(int first, int last, int following, List<Expr> options) {
    for (int level = 1; level <= following; level++) {
      int mask = (1 << 6 * level) - 1;
      if ((first & ~mask) == (last & ~mask)) {
        break; // the bytes before these are the same
      }
      if ((first & mask) != 0) {
        cut(first, first | mask, following, options);
        cut((first | mask) + 1, last, following, options);
        return;
      }
      if ((last & mask) != mask) {
        cut(first, (last & ~mask) - 1, following, options);
        cut(last & ~mask, last, following, options);
        return;
      }
    }
    options.add(bytes(first, last, following));
  }

  private static Expr bytes(int first, int last, int following) {
    List<Expr> parts = new ArrayList<>(following + 1);
    for (int i = following; i >= 0; i--) {
      parts.add(Expr.Bytes.range(byteAt(first, i, following), byteAt(last, i, following)));
    }
    return parts.size() == 1 ? parts.getFirst() : new Expr.Sequence(parts);
  }

  /** Returns the byte that has {@code after} bytes behind it. */
  private static int byteAt(int codePoint, int after, int following) {
    int bits = codePoint >> 6 * after;
    if (after < following) {
      return 0x80 | bits & 0x3F;
    }
    return switch (following) {
      case 0 -> bits;
      case 1 -> 0xC0 | bits;
      case 2 -> 0xE0 | bits;
      default -> 0xF0 | bits;
    };
  }
}
