package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reader of Hugging Face's {@code tokenizer.json} for byte-level byte pair encoding.
 *
 * <p>Vocabulary and merges, nearly all of the file, go from the parser straight into their tables;
 * the small parts are read as trees and understood by {@link TokenizerPipeline}. {@code truncation}
 * and {@code padding} are the caller's business and are not looked at. Components that would change
 * the ids and are not supported are refused by name.
 */
final class TokenizerJson {
  /** The most characters of all names of added tokens. */
  private static final int MAX_ADDED_CHARS = 1 << 20;

  private final byte[] utf8;
  private final TokenTable tokens = new TokenTable();
  private final MergeTable merges = new MergeTable();

  /** The ids of vocabulary entries outside the byte alphabet, which no text can produce. */
  private final Map<String, Integer> unreachable = new LinkedHashMap<>();

  private final Map<String, AddedToken> added = new LinkedHashMap<>();
  private byte[] left = new byte[64];
  private byte[] right = new byte[64];
  private boolean ignoreMerges;
  private boolean vocabularyRead;
  private boolean mergesSkipped;
  private @Nullable PreTokenizer preTokenizer;
  private OptionalInt templateBos = OptionalInt.empty();

  private TokenizerJson(byte[] utf8) {
    this.utf8 = utf8;
  }

  /**
   * What the file says.
   *
   * @param added the added tokens by name
   * @param templateBos the id that the post-processor puts before a text
   */
  record Content(BpeModel model, Map<String, AddedToken> added, OptionalInt templateBos) {}

  /** Reads a file. */
  static Content read(Path file) throws IOException {
    try {
      return new TokenizerJson(JsonReader.readBytes(file)).readDocument();
    } catch (JsonFormatException e) {
      throw new TokenizerFormatException(file + ": " + e.getMessage());
    }
  }

  private Content readDocument() throws JsonFormatException {
    var in = new JsonStream(utf8);
    Map<String, JsonValue> parts = new LinkedHashMap<>();
    Set<String> keys = new HashSet<>();
    in.beginObject();
    for (String key = in.nextKey(); key != null; key = in.nextKey()) {
      requireNew(in, keys, key);
      switch (key) {
        case "model" -> readModel(in);
        case "added_tokens", "post_processor" -> parts.put(key, in.value());
        case "normalizer" -> TokenizerPipeline.requireNoNormalizer(in.value());
        case "pre_tokenizer" -> preTokenizer = TokenizerPipeline.preTokenizer(in.value());
        case "decoder" -> TokenizerPipeline.requireByteLevelDecoder(in.value());
        default -> in.skip();
      }
    }
    in.endOfDocument();
    if (!vocabularyRead) {
      throw new JsonFormatException("model.vocab: expected an object, found nothing");
    }
    if (preTokenizer == null) {
      throw new JsonFormatException(
          "pre_tokenizer: expected ByteLevel or a Sequence of Split and ByteLevel, found nothing");
    }
    if (mergesSkipped) {
      readSkippedMerges();
    }
    int[] byteIds = byteIds();
    readAddedTokens(parts.getOrDefault("added_tokens", new JsonNull()));
    templateBos =
        TokenizerPipeline.templateBos(parts.getOrDefault("post_processor", new JsonNull()), tokens);
    var model = new BpeModel(preTokenizer, tokens, merges, byteIds, ignoreMerges);
    return new Content(model, Map.copyOf(added), templateBos);
  }

  private void readModel(JsonStream in) throws JsonFormatException {
    Set<String> keys = new HashSet<>();
    in.beginObject();
    for (String key = in.nextKey(); key != null; key = in.nextKey()) {
      requireNew(in, keys, key);
      switch (key) {
        case "type" -> {
          String type = in.string();
          if (!type.equals("BPE")) {
            throw in.fault("model.type: expected BPE, found " + JsonStream.excerpt(type));
          }
        }
        case "vocab" -> readVocabulary(in);
        case "merges" -> {
          mergesSkipped = !vocabularyRead;
          if (mergesSkipped) {
            in.skip();
          } else {
            readMerges(in);
          }
        }
        case "ignore_merges" ->
            ignoreMerges = TokenizerPipeline.booleanOf(in.value(), "model.ignore_merges");
        case "dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback" ->
            TokenizerPipeline.requireUnset(in.value(), "model." + key);
        default -> in.skip();
      }
    }
    if (!keys.contains("merges")) {
      throw in.fault("model.merges: expected an array, found nothing");
    }
  }

  private void readVocabulary(JsonStream in) throws JsonFormatException {
    in.beginObject();
    for (String key = in.nextKey(); key != null; key = in.nextKey()) {
      int id = in.intUpTo(TokenTable.MAX_ID);
      if (tokens.contains(id)) {
        throw in.fault(
            "model.vocab: expected each id once, found " + id + " again for " + quote(key));
      }
      if (left.length < key.length()) {
        left = new byte[2 * key.length()];
      }
      if (ByteAlphabet.toBytes(key, 0, key.length(), left)) {
        if (tokens.find(left, key.length()) >= 0) {
          throw in.fault("model.vocab: expected each token once, found " + quote(key) + " again");
        }
        tokens.put(id, left, key.length());
      } else {
        if (unreachable.put(key, id) != null) {
          throw in.fault("model.vocab: expected each token once, found " + quote(key) + " again");
        }
        putName(id, key, "model.vocab");
      }
    }
    vocabularyRead = true;
  }

  /** Reads merges that stand before the vocabulary, which can only be understood after it. */
  private void readSkippedMerges() throws JsonFormatException {
    var in = new JsonStream(utf8);
    enter(in, "model");
    enter(in, "merges");
    readMerges(in);
  }

  private static void enter(JsonStream in, String key) throws JsonFormatException {
    in.beginObject();
    while (!key.equals(in.nextKey())) {
      in.skip();
    }
  }

  private void readMerges(JsonStream in) throws JsonFormatException {
    in.beginArray();
    while (in.hasNextElement()) {
      if (in.nextIsString()) {
        String pair = in.string();
        int space = pair.indexOf(' ');
        if (space < 0 || pair.indexOf(' ', space + 1) >= 0) {
          throw in.fault("model.merges: expected two tokens, found " + quote(pair));
        }
        addMerge(in, pair, space, space + 1);
      } else {
        in.beginArray();
        String first = in.string();
        String second = in.string();
        if (in.hasNextElement()) {
          throw in.fault("model.merges: expected two tokens, found more");
        }
        addMerge(in, first + second, first.length(), first.length());
      }
    }
  }

  /** Adds the merge of the tokens before {@code leftEnd} and from {@code rightStart} on. */
  private void addMerge(JsonStream in, String pair, int leftEnd, int rightStart)
      throws JsonFormatException {
    int rightLength = pair.length() - rightStart;
    if (left.length < pair.length()) {
      left = new byte[2 * pair.length()];
    }
    if (right.length < pair.length()) {
      right = new byte[2 * pair.length()];
    }
    boolean known =
        ByteAlphabet.toBytes(pair, 0, leftEnd, left)
            && ByteAlphabet.toBytes(pair, rightStart, pair.length(), right);
    int leftId = known ? tokens.find(left, leftEnd) : -1;
    int rightId = known ? tokens.find(right, rightLength) : -1;
    System.arraycopy(right, 0, left, leftEnd, rightLength);
    int result = known ? tokens.find(left, leftEnd + rightLength) : -1;
    if (leftId < 0 || rightId < 0 || result < 0 || leftEnd == 0 || rightLength == 0) {
      throw in.fault(
          "model.merges: expected two tokens that together are a token of model.vocab, found "
              + quote(pair.substring(0, leftEnd))
              + " and "
              + quote(pair.substring(rightStart)));
    }
    merges.add(leftId, rightId, result);
  }

  private int[] byteIds() throws JsonFormatException {
    int[] ids = new int[256];
    for (int b = 0; b < 256; b++) {
      left[0] = (byte) b;
      ids[b] = tokens.find(left, 1);
      if (ids[b] < 0) {
        throw new JsonFormatException(
            "model.vocab: expected a token for each of the 256 bytes, found none for byte "
                + b
                + " ("
                + quote(String.valueOf(ByteAlphabet.charOf(b)))
                + "); this is no byte-level vocabulary");
      }
    }
    return ids;
  }

  private void readAddedTokens(JsonValue value) throws JsonFormatException {
    int chars = 0;
    for (AddedToken token : TokenizerPipeline.addedTokens(value)) {
      String where = "added_tokens: " + quote(token.name());
      chars += token.name().length();
      if (chars > MAX_ADDED_CHARS) {
        throw new JsonFormatException(
            "added_tokens: expected at most " + MAX_ADDED_CHARS + " characters, found more");
      }
      if (added.put(token.name(), token) != null) {
        throw new JsonFormatException(where + ": expected each name once, found it again");
      }
      int vocabularyId = vocabularyId(token.name());
      if (vocabularyId >= 0 ? vocabularyId != token.id() : tokens.contains(token.id())) {
        throw new JsonFormatException(
            where
                + ": expected "
                + (vocabularyId >= 0 ? "the id of model.vocab, " + vocabularyId : "an unused id")
                + ", found "
                + token.id());
      }
      if (vocabularyId < 0) {
        putName(token.id(), token.name(), where);
      }
    }
  }

  /** Returns the id of an entry of the vocabulary as the file writes it, or -1. */
  private int vocabularyId(String entry) {
    byte[] bytes = new byte[entry.length()];
    return ByteAlphabet.toBytes(entry, 0, bytes.length, bytes)
        ? tokens.find(bytes, bytes.length)
        : unreachable.getOrDefault(entry, -1);
  }

  private void putName(int id, String name, String where) throws JsonFormatException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (!new String(bytes, StandardCharsets.UTF_8).equals(name)) {
      throw new JsonFormatException(
          where + ": expected Unicode text, found an unpaired surrogate in " + quote(name));
    }
    tokens.putHidden(id, bytes, bytes.length);
  }

  private static void requireNew(JsonStream in, Set<String> keys, String key)
      throws JsonFormatException {
    if (!keys.add(key)) {
      throw in.fault("expected each key once, found " + quote(key) + " again");
    }
  }

  private static String quote(String text) {
    return JsonStream.excerpt(text);
  }
}
