package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Collects tokens, merges and added tokens for the readers of all formats, and refuses what cannot
 * be a vocabulary. Tokens come first, then merges and added tokens.
 */
final class VocabularyBuilder {
  /** The most characters of all names of added tokens. */
  private static final int MAX_ADDED_CHARS = 1 << 20;

  /**
   * The longest token that is cut into all pairs of others, and the most bytes of all of them:
   * finding the pairs takes time in proportion to their product, memory to the second.
   */
  private static final int MAX_MERGED_BYTES = 256;

  private static final int MAX_ALL_MERGED_BYTES = 8 << 20;

  /** The token types of SentencePiece, which GGUF has too. */
  static final int NORMAL = 1;

  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private static final int NO_ID = -1;

  private final BpeKind kind;
  private final TokenTable tokens = new TokenTable();
  private final MergeTable merges = new MergeTable();

  /** The ids of entries that no text can produce, by entry. */
  private final Map<String, Integer> unspelled = new LinkedHashMap<>();

  private final Map<String, AddedToken> added = new LinkedHashMap<>();
  private final int[] byteIds = new int[256];

  /** The ids that {@link TokenTable#find} finds. */
  private final BitSet mergeable = new BitSet();

  /** The token that the last merge gave. */
  private int lastResult;

  private int mergedBytes;
  private int addedChars;
  private int mergeCount;

  /** The bytes of the token or merge that is being read; its characters have a third of that. */
  private byte[] spelled = new byte[3 * 64];

  VocabularyBuilder(BpeKind kind) {
    this.kind = kind;
    Arrays.fill(byteIds, NO_ID);
  }

  /** Adds an entry of the vocabulary. */
  void token(String entry, int id) throws VocabularyException {
    requireUnused(entry, id);
    int byteValue = kind == BpeKind.SENTENCE_PIECE ? byteValue(entry) : -1;
    int length = byteValue >= 0 ? BpeKind.NOT_SPELLED : spell(entry);
    if (length > 0) {
      put(entry, id, length);
      return;
    }
    if (unspelled.put(entry, id) != null) {
      throw new VocabularyException("expected each token once, found " + quote(entry) + " again");
    }
    if (byteValue >= 0) {
      byteIds[byteValue] = id;
      spelled[0] = (byte) byteValue;
      tokens.putHidden(id, spelled, 1);
    } else {
      name(id, entry);
    }
  }

  /**
   * Adds an entry of the vocabulary, the first characters of an array, as {@link #token(String,
   * int)}; faster, as it makes a string of few of them.
   */
  void token(char[] chars, int count, int id) throws VocabularyException {
    if (kind == BpeKind.BYTE_LEVEL && added.isEmpty() && !tokens.contains(id)) {
      reserve(count);
      int length = kind.spell(chars, 0, count, spelled, 0);
      if (length > 0 && tokens.put(id, spelled, length)) {
        mergeable.set(id);
        return;
      }
    }
    token(String.valueOf(chars, 0, count), id);
  }

  /** Adds a token by its bytes. */
  void token(byte[] bytes, int id) throws VocabularyException {
    String entry = new String(bytes, StandardCharsets.UTF_8);
    requireUnused(entry, id);
    reserve(bytes.length);
    System.arraycopy(bytes, 0, spelled, 0, bytes.length);
    put(entry, id, bytes.length);
  }

  private void put(String entry, int id, int length) throws VocabularyException {
    if (!tokens.put(id, spelled, length)) {
      throw new VocabularyException("expected each token once, found " + quote(entry) + " again");
    }
    mergeable.set(id);
  }

  /** Adds a token for ids of the model that text never becomes; it decodes to its name. */
  void unusedToken(String name, int id) throws VocabularyException {
    requireUnused(name, id);
    name(id, name);
  }

  private void requireUnused(String entry, int id) throws VocabularyException {
    if (added.containsKey(entry)) {
      throw new VocabularyException("expected each token once, found " + quote(entry) + " again");
    }
    if (tokens.contains(id)) {
      throw new VocabularyException(
          "expected each id once, found " + id + " again for " + quote(entry));
    }
    reserve(entry.length());
  }

  private void reserve(int chars) {
    if (spelled.length < 3L * chars) {
      spelled = new byte[Math.toIntExact(Math.max(3L * chars, 2L * spelled.length))];
    }
  }

  /** Makes the bytes of an entry; returns their number, or {@link BpeKind#NOT_SPELLED}. */
  private int spell(String entry) {
    return kind.spell(entry.toCharArray(), 0, entry.length(), spelled, 0);
  }

  /** Returns the byte that an entry such as {@code <0x0A>} stands for, or -1. */
  static int byteValue(String entry) {
    if (entry.length() != 6 || !entry.startsWith("<0x") || entry.charAt(5) != '>') {
      return -1;
    }
    int high = "0123456789ABCDEF".indexOf(entry.charAt(3));
    int low = "0123456789ABCDEF".indexOf(entry.charAt(4));
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  /**
   * Adds the merge of the next rank, written as two tokens with one space between: the first
   * characters of an array.
   */
  void merge(char[] chars, int count) throws VocabularyException {
    int space = indexOfSpace(chars, 0, count);
    if (space == count || indexOfSpace(chars, space + 1, count) < count) {
      throw new VocabularyException(
          "expected two tokens, found " + quote(String.valueOf(chars, 0, count)));
    }
    merge(chars, 0, space, space + 1, count);
  }

  private static int indexOfSpace(char[] chars, int from, int to) {
    int i = from;
    while (i < to && chars[i] != ' ') {
      i++;
    }
    return i;
  }

  /** Adds the merge of the next rank. */
  void merge(String first, String second) throws VocabularyException {
    char[] chars = (first + second).toCharArray();
    merge(chars, 0, first.length(), first.length(), chars.length);
  }

  /** Adds the merge of two tokens. */
  private void merge(char[] chars, int left, int leftEnd, int right, int rightEnd)
      throws VocabularyException {
    reserve(rightEnd - left);
    int leftLength = kind.spell(chars, left, leftEnd, spelled, 0);
    int leftId = leftLength > 0 ? tokens.find(spelled, leftLength) : NO_ID;
    int rightId = NO_ID;
    int result = NO_ID;
    if (leftId >= 0) {
      int rightLength = kind.spell(chars, right, rightEnd, spelled, leftLength);
      rightId = rightLength > 0 ? tokens.find(spelled, leftLength, rightLength) : NO_ID;
      result = rightId < 0 ? NO_ID : findResult(leftLength + rightLength);
    }
    if (result < 0) {
      throw new VocabularyException(
          "expected two tokens that together are a token, found "
              + quote(String.valueOf(chars, left, leftEnd - left))
              + " and "
              + quote(String.valueOf(chars, right, rightEnd - right)));
    }
    merges.add(leftId, rightId, mergeCount++, result);
  }

  /**
   * Finds the token that a merge gives. Merges mostly stand in the order of these tokens' ids, and
   * looking at one token is faster than looking for it among all.
   */
  private int findResult(int length) {
    for (int id = lastResult; id <= lastResult + 1; id++) {
      if (mergeable.get(id) && tokens.matches(id, spelled, 0, length)) {
        lastResult = id;
        return id;
      }
    }
    int id = tokens.find(spelled, length);
    lastResult = Math.max(id, 0);
    return id;
  }

  /**
   * Adds a token of SentencePiece or GGUF.
   *
   * @param type 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte
   */
  void typedToken(String token, int id, int type) throws VocabularyException {
    switch (type) {
      case NORMAL -> token(token, id);
      case UNKNOWN, CONTROL ->
          addedToken(new AddedToken(id, token, true, false, false, false, false));
      case USER_DEFINED -> addedToken(new AddedToken(id, token, false, false, false, false, false));
      case UNUSED -> unusedToken(token, id);
      case BYTE -> {
        if (byteValue(token) < 0) {
          throw new VocabularyException(
              "expected a byte from <0x00> to <0xFF>, found " + quote(token));
        }
        token(token, id);
      }
      default -> throw new VocabularyException("expected a token type from 1 to 6, found " + type);
    }
  }

  /**
   * Adds the merges of SentencePiece, which has no list of them: every two tokens that together are
   * a token merge, those that give the token of the highest score first.
   *
   * @param scores the score of every id
   */
  void mergeByScores(float[] scores) throws VocabularyException {
    for (int id = 0; id < scores.length; id++) {
      if (!Float.isFinite(scores[id])) {
        throw new VocabularyException(
            "expected finite scores, found " + scores[id] + " for token " + id);
      }
    }
    int[] order =
        mergeable.stream()
            .boxed()
            .sorted((a, b) -> Float.compare(scores[b], scores[a]))
            .mapToInt(Integer::intValue)
            .toArray();
    int rank = 0;
    for (int i = 0; i < order.length; i++) {
      if (i > 0 && scores[order[i]] != scores[order[i - 1]]) {
        rank++;
      }
      mergePartsOf(order[i], rank);
    }
  }

  /** Adds the merges of tiktoken: as those of SentencePiece, the token of the lowest id first. */
  void mergeByRanks() throws VocabularyException {
    for (int id = mergeable.nextSetBit(0); id >= 0; id = mergeable.nextSetBit(id + 1)) {
      mergePartsOf(id, id);
    }
  }

  private void mergePartsOf(int id, int rank) throws VocabularyException {
    int length = tokens.length(id);
    mergedBytes += length;
    if (length > MAX_MERGED_BYTES || mergedBytes > MAX_ALL_MERGED_BYTES) {
      throw new VocabularyException(
          "expected tokens of at most "
              + MAX_MERGED_BYTES
              + " bytes and "
              + MAX_ALL_MERGED_BYTES
              + " bytes together, found more at token "
              + id);
    }
    reserve(length);
    for (int i = 0; i < length; i++) {
      spelled[i] = tokens.byteAt(id, i);
    }
    int cut = 0;
    while (true) {
      cut += kind == BpeKind.SENTENCE_PIECE ? Utf8.length(spelled[cut]) : 1;
      if (cut >= length) {
        return;
      }
      int leftId = tokens.find(spelled, cut);
      int rightId = leftId < 0 ? NO_ID : tokens.find(spelled, cut, length - cut);
      if (rightId >= 0) {
        merges.add(leftId, rightId, rank, id);
      }
    }
  }

  /** Adds an added token; one that is no entry of the vocabulary gets its id here. */
  void addedToken(AddedToken token) throws VocabularyException {
    String name = token.name();
    if (name.isEmpty() || name.length() > AddedTokens.MAX_NAME_LENGTH) {
      throw new VocabularyException(
          "expected a name of 1 to "
              + AddedTokens.MAX_NAME_LENGTH
              + " characters, found "
              + quote(name));
    }
    addedChars += name.length();
    if (addedChars > MAX_ADDED_CHARS) {
      throw new VocabularyException(
          "expected at most " + MAX_ADDED_CHARS + " characters, found more");
    }
    if (added.put(name, token) != null) {
      throw new VocabularyException(quote(name) + ": expected each name once, found it again");
    }
    int entryId = entryId(name);
    if (entryId >= 0 ? entryId != token.id() : tokens.contains(token.id())) {
      throw new VocabularyException(
          quote(name)
              + ": expected "
              + (entryId >= 0 ? "the id of the vocabulary, " + entryId : "an unused id")
              + ", found "
              + token.id());
    }
    if (entryId < 0) {
      name(token.id(), name);
    }
  }

  /** Returns the id of an entry of the vocabulary as the file writes it, or -1. */
  private int entryId(String entry) {
    Integer hidden = unspelled.get(entry);
    if (hidden != null) {
      return hidden;
    }
    reserve(entry.length());
    int length = spell(entry);
    return length < 0 ? NO_ID : tokens.find(spelled, length);
  }

  private void name(int id, String name) throws VocabularyException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (!new String(bytes, StandardCharsets.UTF_8).equals(name)) {
      throw new VocabularyException(
          "expected Unicode text, found an unpaired surrogate in " + quote(name));
    }
    tokens.putHidden(id, bytes, bytes.length);
  }

  /** Returns the id of an added token by its name, or of an entry as the file writes it. */
  OptionalInt idOf(String token) {
    AddedToken addedToken = added.get(token);
    int id = addedToken == null ? entryId(token) : addedToken.id();
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  TokenTable tokens() {
    return tokens;
  }

  Map<String, AddedToken> added() {
    return added;
  }

  /**
   * Returns the model. A byte without a token is left out of texts, as Hugging Face does; only
   * bytes that hardly occur may lack one, as in Falcon.
   */
  BpeModel model(PreTokenizer preTokenizer, SpaceRules spaces, boolean ignoreMerges)
      throws VocabularyException {
    if (kind == BpeKind.BYTE_LEVEL) {
      for (int b = 0; b < 256; b++) {
        spelled[0] = (byte) b;
        byteIds[b] = tokens.find(spelled, 1);
      }
    }
    for (int b = 0; b < 256; b++) {
      if (byteIds[b] < 0 && !(kind == BpeKind.BYTE_LEVEL && isRare(b))) {
        throw new VocabularyException(
            "expected a token for each of the 256 bytes, found none for byte "
                + b
                + " ("
                + quote(
                    kind == BpeKind.BYTE_LEVEL
                        ? String.valueOf(ByteAlphabet.charOf(b))
                        : String.format("<0x%02X>", b))
                + "); this is no "
                + kind
                + " vocabulary");
      }
    }
    int[] asciiIds = new int[128];
    for (int b = 0; b < 128; b++) {
      spelled[0] = (byte) b;
      int id = tokens.find(spelled, 1);
      asciiIds[b] = id >= 0 ? id : byteIds[b];
    }
    return new BpeModel(
        kind,
        preTokenizer,
        spaces,
        tokens,
        merges,
        byteIds,
        asciiIds,
        bytePairs(),
        /* nfc= */ false,
        ByteSplit.NONE,
        ignoreMerges);
  }

  private long[] bytePairs() {
    long[] pairs = new long[kind == BpeKind.BYTE_LEVEL ? 1 << 16 : 0];
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = merges.find(byteIds[i >>> 8], byteIds[i & 0xFF]);
    }
    return pairs;
  }

  /** Returns whether a byte is a control character that text files lack, or begins a character. */
  private static boolean isRare(int b) {
    return (b < ' ' && b != '\t' && b != '\n' && b != '\r') || b == 0x7F || b >= 0xC0;
  }

  /** Returns whether no merge gives a token with a space after another character. */
  boolean spacesOnlyBegin() {
    return merges.results().noneMatch(this::hasInnerSpace);
  }

  private boolean hasInnerSpace(int id) {
    for (int i = 1; i < tokens.length(id); i++) {
      if (tokens.byteAt(id, i) == ' ' && tokens.byteAt(id, i - 1) != ' ') {
        return true;
      }
    }
    return false;
  }

  private static String quote(String text) {
    return JsonStream.excerpt(text);
  }
}
