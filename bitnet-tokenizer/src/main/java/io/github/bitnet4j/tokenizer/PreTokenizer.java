package io.github.bitnet4j.tokenizer;

import java.util.Optional;

/**
 * The splitters that cut text into the pieces inside which byte pair encoding merges. Each is a
 * hand-written matcher for one regular expression of published tokenizers, linear in the text.
 */
enum PreTokenizer {
  /** Llama 3. */
  LLAMA3(
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
      3),

  /** Qwen 2: as Llama 3, but every digit is a piece. */
  QWEN2(
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
      1),

  /** GPT-2; also the expression of Hugging Face's ByteLevel when it splits by itself. */
  GPT2(
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
      Integer.MAX_VALUE),

  /**
   * Falcon: punctuation first, then GPT-2's expression in what is between, then groups of three
   * ASCII digits in what that gives.
   */
  FALCON("", Integer.MAX_VALUE),

  /** Falcon in files of Hugging Face: as before, without the groups of digits. */
  PUNCTUATION("", Integer.MAX_VALUE),

  /** SentencePiece cuts nothing. */
  NONE("", Integer.MAX_VALUE),

  /**
   * Before every run of spaces, for SentencePiece vocabularies that have no token with a space
   * after another character: no merge crosses such a place, so the ids are those without any cut.
   */
  BEFORE_SPACES("", Integer.MAX_VALUE),

  /** Before every space, as Hugging Face's Metaspace does unless told otherwise. */
  EVERY_SPACE("", Integer.MAX_VALUE);

  /** The expression by which {@code tokenizer.json} asks for it; empty if it does otherwise. */
  private final String regex;

  private final int maxDigits;

  PreTokenizer(String regex, int maxDigits) {
    this.regex = regex;
    this.maxDigits = maxDigits;
  }

  /** Returns the splitter for the exact text of a regular expression. */
  static Optional<PreTokenizer> forRegex(String regex) {
    for (PreTokenizer splitter : values()) {
      if (!regex.isEmpty() && splitter.regex.equals(regex)) {
        return Optional.of(splitter);
      }
    }
    return Optional.empty();
  }

  /** Returns the end of the piece that starts at {@code from}, which is below {@code to}. */
  int pieceEnd(String text, int from, int to) {
    return switch (this) {
      case LLAMA3, QWEN2 -> llama3PieceEnd(text, from, to);
      case GPT2 -> gpt2PieceEnd(text, from, to);
      case FALCON, PUNCTUATION -> falconPieceEnd(text, from, to);
      case NONE -> to;
      case BEFORE_SPACES -> nextSpace(text, spacesEnd(text, from, to), to);
      case EVERY_SPACE -> nextSpace(text, from + 1, to);
    };
  }

  /** Returns the splitter for a SentencePiece vocabulary, which has all its merges. */
  static PreTokenizer forSentencePiece(VocabularyBuilder vocabulary) {
    return vocabulary.spacesOnlyBegin() ? BEFORE_SPACES : NONE;
  }

  /**
   * Returns the splitter that {@code tokenizer.ggml.pre} names in GGUF files. The names of Falcon 3
   * and Falcon-E mean Llama 3's there.
   */
  static Optional<PreTokenizer> forGguf(String name) {
    return switch (name) {
      case "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon_e", "falcon-e" ->
          Optional.of(LLAMA3);
      case "qwen2" -> Optional.of(QWEN2);
      case "gpt-2", "gpt2" -> Optional.of(GPT2);
      case "falcon" -> Optional.of(FALCON);
      default -> Optional.empty();
    };
  }

  private static int spacesEnd(String text, int from, int to) {
    int end = from;
    while (end < to && isSpace(text.charAt(end))) {
      end++;
    }
    return end;
  }

  private static int nextSpace(String text, int from, int to) {
    int end = from;
    while (end < to && !isSpace(text.charAt(end))) {
      end++;
    }
    return end;
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == BpeKind.SPACE_MARK;
  }

  private int llama3PieceEnd(String text, int from, int to) {
    int first = codePoint(text, from, to);
    int next = from + Character.charCount(first);
    byte firstClass = CharClass.of(first);
    byte nextClass = next < to ? CharClass.of(codePoint(text, next, to)) : -1;
    if (first == '\'') {
      int end = contractionEnd(text, next, to, true);
      if (end > 0) {
        return end;
      }
    }
    return switch (firstClass) {
      case CharClass.LETTER -> runEnd(text, next, to, CharClass.LETTER);
      case CharClass.NUMBER -> numberEnd(text, next, to);
      case CharClass.OTHER ->
          nextClass == CharClass.LETTER
              ? runEnd(text, next, to, CharClass.LETTER)
              : newlinesEnd(text, runEnd(text, next, to, CharClass.OTHER), to);
      case CharClass.SPACE -> {
        if (nextClass == CharClass.LETTER) {
          yield runEnd(text, next, to, CharClass.LETTER);
        }
        if (first == ' ' && nextClass == CharClass.OTHER) {
          yield newlinesEnd(text, runEnd(text, next, to, CharClass.OTHER), to);
        }
        yield whiteSpaceEnd(text, from, to, true);
      }
      default -> whiteSpaceEnd(text, from, to, true);
    };
  }

  private int gpt2PieceEnd(String text, int from, int to) {
    int first = codePoint(text, from, to);
    int next = from + Character.charCount(first);
    if (first == '\'') {
      int end = contractionEnd(text, next, to, false);
      if (end > 0) {
        return end;
      }
    }
    byte runClass = CharClass.of(first);
    if (first == ' ' && next < to) {
      runClass = CharClass.of(codePoint(text, next, to));
    }
    return switch (runClass) {
      case CharClass.LETTER -> runEnd(text, next, to, CharClass.LETTER);
      case CharClass.NUMBER -> numberEnd(text, next, to);
      case CharClass.OTHER -> runEnd(text, next, to, CharClass.OTHER);
      default -> whiteSpaceEnd(text, from, to, false);
    };
  }

  private int falconPieceEnd(String text, int from, int to) {
    int first = codePoint(text, from, to);
    int next = from + Character.charCount(first);
    if (CharClass.isPunctuation(first)) {
      return otherEnd(text, next, to, true);
    }
    byte runClass = CharClass.of(first);
    if (first == ' ' && next < to) {
      int second = codePoint(text, next, to);
      runClass = CharClass.isPunctuation(second) ? CharClass.SPACE : CharClass.of(second);
    }
    return switch (runClass) {
      case CharClass.LETTER -> runEnd(text, next, to, CharClass.LETTER);
      case CharClass.NUMBER ->
          this == FALCON ? threeDigitsEnd(text, from, to) : numberEnd(text, next, to);
      case CharClass.OTHER -> otherEnd(text, next, to, false);
      default -> {
        int end = from;
        while (end < to && CharClass.isWhiteSpace(text.charAt(end))) {
          end++;
        }
        boolean last = end == to || CharClass.isPunctuation(codePoint(text, end, to));
        yield last || end == from + 1 ? end : end - 1;
      }
    };
  }

  /** Returns the end of three ASCII digits, else of the part of a number before such. */
  private static int threeDigitsEnd(String text, int from, int to) {
    int end = from;
    while (!startsWithThreeDigits(text, end, to)) {
      end += Character.charCount(codePoint(text, end, to));
      if (end >= to || CharClass.of(codePoint(text, end, to)) != CharClass.NUMBER) {
        return end;
      }
    }
    return end == from ? end + 3 : end;
  }

  private static boolean startsWithThreeDigits(String text, int from, int to) {
    int end = from;
    while (end < to && end < from + 3 && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    return end == from + 3;
  }

  /**
   * Returns the end of what follows an apostrophe in {@code 's|'t|'re|'ve|'m|'ll|'d}, or -1. Case
   * folding makes U+017F (long s) an s; the other letters have no such relatives.
   */
  private static int contractionEnd(String text, int from, int to, boolean ignoreCase) {
    if (from >= to) {
      return -1;
    }
    char first = fold(text.charAt(from), ignoreCase);
    char second = from + 1 < to ? fold(text.charAt(from + 1), ignoreCase) : 0;
    return switch (first) {
      case 's', 't', 'm', 'd' -> from + 1;
      case 'r', 'v' -> second == 'e' ? from + 2 : -1;
      case 'l' -> second == 'l' ? from + 2 : -1;
      default -> -1;
    };
  }

  private static char fold(char c, boolean ignoreCase) {
    if (!ignoreCase) {
      return c;
    }
    return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c == '\u017F' ? 's' : c;
  }

  private static int runEnd(String text, int from, int to, byte charClass) {
    int end = from;
    while (end < to) {
      int c = codePoint(text, end, to);
      if (CharClass.of(c) != charClass) {
        break;
      }
      end += Character.charCount(c);
    }
    return end;
  }

  /** Returns the end of a run of other characters that are all punctuation or all not. */
  private static int otherEnd(String text, int from, int to, boolean punctuation) {
    int end = from;
    while (end < to) {
      int c = codePoint(text, end, to);
      if (CharClass.of(c) != CharClass.OTHER || CharClass.isPunctuation(c) != punctuation) {
        break;
      }
      end += Character.charCount(c);
    }
    return end;
  }

  /** Returns the end of a number whose first digit ends at {@code from}. */
  private int numberEnd(String text, int from, int to) {
    int end = from;
    for (int digits = 1; digits < maxDigits && end < to; digits++) {
      int c = codePoint(text, end, to);
      if (CharClass.of(c) != CharClass.NUMBER) {
        break;
      }
      end += Character.charCount(c);
    }
    return end;
  }

  /** Returns the end of {@code [\r\n]*}. */
  private static int newlinesEnd(String text, int from, int to) {
    int end = from;
    while (end < to && CharClass.of(text.charAt(end)) == CharClass.NEWLINE) {
      end++;
    }
    return end;
  }

  /**
   * Returns the end of {@code \s*[\r\n]+|\s+(?!\S)|\s+}, the first part only if {@code
   * splitAfterNewlines}: up to the last newline of the run; without one, all of the run if the text
   * ends, else all but its last character; and at least one character. All white space is in the
   * basic plane.
   */
  private static int whiteSpaceEnd(String text, int from, int to, boolean splitAfterNewlines) {
    int end = from;
    int afterNewline = -1;
    while (end < to && CharClass.isWhiteSpace(text.charAt(end))) {
      if (CharClass.of(text.charAt(end)) == CharClass.NEWLINE) {
        afterNewline = end + 1;
      }
      end++;
    }
    if (splitAfterNewlines && afterNewline > 0) {
      return afterNewline;
    }
    return end == to || end == from + 1 ? end : end - 1;
  }

  /** Returns the code point at an index; an unpaired surrogate is returned as it is. */
  private static int codePoint(String text, int index, int to) {
    char high = text.charAt(index);
    if (Character.isHighSurrogate(high) && index + 1 < to) {
      char low = text.charAt(index + 1);
      if (Character.isLowSurrogate(low)) {
        return Character.toCodePoint(high, low);
      }
    }
    return high;
  }
}
