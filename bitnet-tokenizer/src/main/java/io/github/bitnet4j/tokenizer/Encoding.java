package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.Match;
import org.jspecify.annotations.Nullable;

/** One call of encode: cuts text at added tokens and encodes what is between. */
final class Encoding {
  private final Tokenizer tokenizer;
  private final SpaceRules spaces;
  private final boolean parseSpecial;
  private final IdSink ids;
  private final @Nullable SpanSink spans;
  private final String guard;
  private final BpeEncoder encoder;
  private final int[] one = new int[1];

  /**
   * Where the text that is encoded now begins in the caller's: a character of it at index i is the
   * caller's at i + {@code origin}, or at {@code from} if it is only put before.
   */
  private int origin;

  private int from;

  /** The places of a normalized text before {@link #origin} is added. */
  private @Nullable Nfc nfc;

  Encoding(Tokenizer tokenizer, boolean parseSpecial, IdSink ids, @Nullable SpanSink spans) {
    this(tokenizer, parseSpecial, ids, spans, "");
  }

  /** Creates an encoding of text with special tokens and guards, which are deleted. */
  Encoding(Tokenizer tokenizer, IdSink ids, String guard) {
    this(tokenizer, true, ids, null, guard);
  }

  private Encoding(
      Tokenizer tokenizer,
      boolean parseSpecial,
      IdSink ids,
      @Nullable SpanSink spans,
      String guard) {
    this.tokenizer = tokenizer;
    this.spaces = tokenizer.model().spaces();
    this.parseSpecial = parseSpecial;
    this.ids = ids;
    this.spans = spans;
    this.guard = guard;
    encoder = new BpeEncoder(tokenizer.model(), ids, spans == null ? null : this::locate);
  }

  void encode(String text) {
    AddedTokens added = tokenizer.literalAdded();
    int start = 0;
    while (start < text.length()) {
      Match match = added.find(text, 0, start, text.length(), parseSpecial);
      int end = match == null ? text.length() : match.start();
      if (start < end) {
        encodeBetween(text, start, end);
      }
      if (match == null) {
        return;
      }
      add(match);
      start = match.end();
    }
  }

  private void encodeBetween(String text, int start, int end) {
    if (tokenizer.model().nfc() && !Nfc.isAscii(text, start, end)) {
      String segment = text.substring(start, end);
      Nfc located = spans == null ? null : Nfc.located(segment);
      String normalized = located == null ? Nfc.normalize(segment) : located.text();
      origin = start;
      nfc = located;
      encodeNormalized(normalized, 0, normalized.length());
      origin = 0;
      nfc = null;
    } else if (tokenizer.normalizedAdded().isEmpty()) {
      encodeOrdinary(text, start, end, start == 0);
    } else if (spaces.beforeAddedTokens()) {
      String normalized = spaces.normalize(text.substring(start, end));
      from = start;
      origin = end - normalized.length();
      encodeNormalized(normalized, 0, normalized.length());
      from = 0;
      origin = 0;
    } else {
      encodeNormalized(text, start, end);
    }
  }

  private void encodeNormalized(String text, int segmentStart, int segmentEnd) {
    AddedTokens added = tokenizer.normalizedAdded();
    int start = segmentStart;
    while (start < segmentEnd) {
      Match match = added.find(text, segmentStart, start, segmentEnd, parseSpecial);
      int end = match == null ? segmentEnd : match.start();
      if (start < end) {
        encodeOrdinary(text, start, end, start == 0);
      }
      if (match == null) {
        return;
      }
      add(match);
      start = match.end();
    }
  }

  private void encodeOrdinary(String text, int start, int end, boolean first) {
    if (!guard.isEmpty()) {
      String unguarded = text.substring(start, end).replace(guard, "");
      if (!unguarded.isEmpty()) {
        encoder.encode(unguarded, 0, unguarded.length(), prefix(unguarded, 0, first));
      }
    } else {
      encoder.encode(text, start, end, prefix(text, start, first));
    }
  }

  private boolean prefix(String text, int start, boolean first) {
    boolean normalized = spaces.beforeAddedTokens() && !tokenizer.normalizedAdded().isEmpty();
    return !normalized && spaces.prefix().appliesTo(first, text.charAt(start));
  }

  private void add(Match match) {
    one[0] = match.id();
    ids.accept(one, 1);
    locate(match.start(), match.end());
  }

  private void locate(int start, int end) {
    if (spans != null) {
      int first = nfc == null ? start : nfc.start(start);
      int last = nfc == null ? end : nfc.end(end);
      spans.accept(Math.max(from, first + origin), Math.max(from, last + origin));
    }
  }
}
