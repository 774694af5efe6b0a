package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reader of Hugging Face's {@code tokenizer.json} for byte pair encoding of both kinds.
 *
 * <p>Vocabulary and merges, nearly all of the file, go from the parser straight into their tables;
 * the small parts are read as trees and understood by {@link TokenizerPipeline} and {@link
 * SentencePiecePipeline}. {@code truncation} and {@code padding} are the caller's business and are
 * not looked at. Components that would change the ids and are not supported are refused by name.
 */
final class TokenizerJson {
  private final byte[] utf8;

  /** The small parts by key. */
  private final Map<String, JsonValue> parts = new LinkedHashMap<>();

  private @Nullable VocabularyBuilder vocabulary;
  private boolean mergesSkipped;
  private boolean ignoreMerges;
  private boolean byteFallback;
  private Optional<String> unknownToken = Optional.empty();

  private TokenizerJson(byte[] utf8) {
    this.utf8 = utf8;
  }

  /** Understands the bytes of a file. */
  static Vocabulary read(Path file, byte[] utf8) throws TokenizerFormatException {
    try {
      return new TokenizerJson(utf8).readDocument();
    } catch (JsonFormatException e) {
      throw new TokenizerFormatException(file + ": " + e.getMessage());
    }
  }

  private Vocabulary readDocument() throws JsonFormatException {
    var in = new JsonStream(utf8);
    Set<String> keys = new HashSet<>();
    boolean modelSkipped = false;
    in.beginObject();
    for (String key = in.nextKey(keys); key != null; key = in.nextKey(keys)) {
      switch (key) {
        case "model" -> {
          // Only these two, which Hugging Face writes earlier, say how tokens are written.
          modelSkipped = !keys.contains("normalizer") || !keys.contains("pre_tokenizer");
          if (modelSkipped) {
            in.skip();
          } else {
            readModel(in);
          }
        }
        case "normalizer", "pre_tokenizer", "decoder", "added_tokens", "post_processor" ->
            parts.put(key, in.value());
        default -> in.skip();
      }
    }
    in.endOfDocument();
    if (modelSkipped) {
      var again = new JsonStream(utf8);
      enter(again, "model");
      readModel(again);
    }
    if (vocabulary == null) {
      throw new JsonFormatException("model.vocab: expected an object, found nothing");
    }
    if (mergesSkipped) {
      readSkippedMerges(vocabulary);
    }
    return vocabulary(vocabulary);
  }

  private JsonValue part(String key) {
    return parts.getOrDefault(key, new JsonNull());
  }

  private boolean isSentencePiece() {
    return SentencePiecePipeline.isIn(part("normalizer"), part("pre_tokenizer"));
  }

  private Vocabulary vocabulary(VocabularyBuilder builder) throws JsonFormatException {
    PreTokenizer preTokenizer;
    SpaceRules spaces;
    boolean nfc = false;
    ByteSplit byteSplit = ByteSplit.NONE;
    if (isSentencePiece()) {
      spaces =
          SentencePiecePipeline.spaces(part("normalizer"), part("pre_tokenizer"), part("decoder"));
      preTokenizer =
          SentencePiecePipeline.splitsAtSpaces(part("pre_tokenizer"))
              ? PreTokenizer.EVERY_SPACE
              : PreTokenizer.forSentencePiece(builder);
    } else {
      nfc = TokenizerPipeline.isNfc(part("normalizer"));
      TokenizerPipeline.requireByteLevelDecoder(part("decoder"));
      TokenizerPipeline.Splitting splitting = TokenizerPipeline.preTokenizer(part("pre_tokenizer"));
      preTokenizer = splitting.splitter();
      byteSplit = splitting.byteSplit();
      spaces = SpaceRules.NONE;
    }
    if (byteFallback != isSentencePiece()) {
      throw new JsonFormatException(
          "model.byte_fallback: expected " + isSentencePiece() + ", found " + byteFallback);
    }
    BpeModel model;
    try {
      model = builder.model(preTokenizer, spaces, ignoreMerges).withTextRules(nfc, byteSplit);
    } catch (VocabularyException e) {
      throw new JsonFormatException("model.vocab: " + e.fault());
    }
    for (AddedToken token : TokenizerPipeline.addedTokens(part("added_tokens"))) {
      try {
        builder.addedToken(token);
      } catch (VocabularyException e) {
        throw new JsonFormatException("added_tokens: " + e.fault());
      }
    }
    OptionalInt bosId = TokenizerPipeline.templateBos(part("post_processor"), builder.tokens());
    return new Vocabulary(
        model,
        Map.copyOf(builder.added()),
        bosId,
        bosId.isPresent(),
        OptionalInt.empty(),
        unknownToken.map(builder::idOf).orElse(OptionalInt.empty()),
        Optional.empty());
  }

  private void readModel(JsonStream in) throws JsonFormatException {
    Set<String> keys = new HashSet<>();
    in.beginObject();
    for (String key = in.nextKey(keys); key != null; key = in.nextKey(keys)) {
      switch (key) {
        case "type" -> {
          String type = in.string();
          if (!type.equals("BPE")) {
            throw in.fault("model.type: expected BPE, found " + JsonStream.excerpt(type));
          }
        }
        case "vocab" -> vocabulary = readVocabulary(in);
        case "merges" -> {
          if (vocabulary == null) {
            mergesSkipped = true;
            in.skip();
          } else {
            readMerges(in, vocabulary);
          }
        }
        case "ignore_merges" ->
            ignoreMerges = TokenizerPipeline.booleanOf(in.value(), "model.ignore_merges");
        case "byte_fallback" -> byteFallback = in.value() instanceof JsonBoolean(boolean on) && on;
        case "unk_token" ->
            unknownToken =
                in.value() instanceof JsonString(String name)
                    ? Optional.of(name)
                    : Optional.empty();
        case "dropout", "continuing_subword_prefix", "end_of_word_suffix" ->
            TokenizerPipeline.requireUnset(in.value(), "model." + key);
        default -> in.skip();
      }
    }
    if (!keys.contains("merges")) {
      throw in.fault("model.merges: expected an array, found nothing");
    }
  }

  private VocabularyBuilder readVocabulary(JsonStream in) throws JsonFormatException {
    var builder =
        new VocabularyBuilder(isSentencePiece() ? BpeKind.SENTENCE_PIECE : BpeKind.BYTE_LEVEL);
    in.beginObject();
    while (in.hasNextMember()) {
      int id = in.intUpTo(TokenTable.MAX_ID);
      try {
        builder.token(in.chars(), in.charCount(), id);
      } catch (VocabularyException e) {
        throw in.fault("model.vocab: " + e.fault());
      }
    }
    return builder;
  }

  /** Reads merges that stand before the vocabulary, which can only be understood after it. */
  private void readSkippedMerges(VocabularyBuilder builder) throws JsonFormatException {
    var in = new JsonStream(utf8);
    enter(in, "model");
    enter(in, "merges");
    readMerges(in, builder);
  }

  private static void enter(JsonStream in, String key) throws JsonFormatException {
    in.beginObject();
    while (!key.equals(in.nextKey())) {
      in.skip();
    }
  }

  private static void readMerges(JsonStream in, VocabularyBuilder builder)
      throws JsonFormatException {
    in.beginArray();
    while (in.hasNextElement()) {
      try {
        if (in.nextIsString()) {
          in.readString();
          builder.merge(in.chars(), in.charCount());
        } else {
          List<String> tokens = in.strings(2);
          builder.merge(tokens.get(0), tokens.get(1));
        }
      } catch (VocabularyException e) {
        throw in.fault("model.merges: " + e.fault());
      }
    }
  }
}
