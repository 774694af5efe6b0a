package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.SpaceRules.Prefix;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parts of {@code tokenizer.json} with which Hugging Face imitates SentencePiece: a normalizer
 * of {@code Prepend} and {@code Replace}, or a {@code Metaspace} pre-tokenizer in newer files, and
 * a decoder of {@code Replace}, {@code ByteFallback}, {@code Fuse} and {@code Strip}. A part that
 * is not understood completely is refused by its name.
 */
final class SentencePiecePipeline {
  private static final String MARK = String.valueOf(BpeKind.SPACE_MARK);

  private SentencePiecePipeline() {}

  /** Returns whether the parts are of a SentencePiece vocabulary, understood or not. */
  static boolean isIn(JsonValue normalizer, JsonValue preTokenizer) {
    return isMetaspace(preTokenizer)
        || ((preTokenizer instanceof JsonNull || cutsNothing(preTokenizer))
            && TokenizerPipeline.parts(normalizer, "normalizers").stream()
                .map(TokenizerPipeline::typeOf)
                .anyMatch(type -> type.equals("Prepend") || type.equals("Replace")));
  }

  /** Gemma splits at spaces, of which its normalizer leaves none. */
  private static boolean cutsNothing(JsonValue preTokenizer) {
    return TokenizerPipeline.typeOf(preTokenizer).equals("Split")
        && preTokenizer instanceof JsonObject split
        && split.get("pattern") instanceof JsonObject pattern
        && isText(pattern.get("String"), " ");
  }

  static boolean splitsAtSpaces(JsonValue preTokenizer) throws JsonFormatException {
    return preTokenizer instanceof JsonObject metaspace
        && isMetaspace(preTokenizer)
        && (metaspace.get("split") == null
            || TokenizerPipeline.booleanOf(metaspace.get("split"), "pre_tokenizer.split"));
  }

  static SpaceRules spaces(JsonValue normalizer, JsonValue preTokenizer, JsonValue decoder)
      throws JsonFormatException {
    boolean dropsFirst = dropsFirstSpace(decoder);
    if (preTokenizer instanceof JsonObject metaspace && isMetaspace(preTokenizer)) {
      if (!(normalizer instanceof JsonNull)) {
        throw TokenizerPipeline.unsupported("normalizer", "null before Metaspace", normalizer);
      }
      return new SpaceRules(metaspacePrefix(metaspace), false, dropsFirst);
    }
    boolean prepends = false;
    boolean replaces = false;
    for (JsonValue part : TokenizerPipeline.parts(normalizer, "normalizers")) {
      if (!replaces && !prepends && isPrepend(part)) {
        prepends = true;
      } else if (!replaces && isReplace(part, " ", MARK)) {
        replaces = true;
      } else {
        throw TokenizerPipeline.unsupported(
            "normalizer", "Prepend of U+2581 and Replace of a space by it", part);
      }
    }
    if (!replaces) {
      throw TokenizerPipeline.unsupported("normalizer", "Replace of a space by U+2581", normalizer);
    }
    return new SpaceRules(prepends ? Prefix.ALWAYS : Prefix.NEVER, true, dropsFirst);
  }

  private static boolean isMetaspace(JsonValue preTokenizer) {
    return TokenizerPipeline.typeOf(preTokenizer).equals("Metaspace");
  }

  private static Prefix metaspacePrefix(JsonObject metaspace) throws JsonFormatException {
    if (!isText(metaspace.get("replacement"), MARK)) {
      throw TokenizerPipeline.unsupported(
          "pre_tokenizer.replacement", "U+2581", metaspace.get("replacement"));
    }
    JsonValue scheme = metaspace.get("prepend_scheme");
    if (scheme == null) {
      JsonValue old = metaspace.get("add_prefix_space");
      boolean adds =
          old == null || TokenizerPipeline.booleanOf(old, "pre_tokenizer.add_prefix_space");
      return adds ? Prefix.UNLESS_SPACE : Prefix.NEVER;
    }
    return switch (scheme) {
      case JsonString(String name) when name.equals("always") -> Prefix.UNLESS_SPACE;
      case JsonString(String name) when name.equals("first") -> Prefix.FIRST_UNLESS_SPACE;
      case JsonString(String name) when name.equals("never") -> Prefix.NEVER;
      default ->
          throw TokenizerPipeline.unsupported(
              "pre_tokenizer.prepend_scheme", "always, first or never", scheme);
    };
  }

  private static boolean dropsFirstSpace(JsonValue decoder) throws JsonFormatException {
    List<JsonValue> steps = TokenizerPipeline.parts(decoder, "decoders");
    boolean strips = steps.size() == 4;
    if ((steps.size() == 3 || strips)
        && isReplace(steps.get(0), MARK, " ")
        && TokenizerPipeline.typeOf(steps.get(1)).equals("ByteFallback")
        && TokenizerPipeline.typeOf(steps.get(2)).equals("Fuse")
        && (!strips || isStripOfOneSpace(steps.get(3)))) {
      return strips;
    }
    throw TokenizerPipeline.unsupported(
        "decoder", "Replace of U+2581, ByteFallback, Fuse and Strip of one space", decoder);
  }

  private static boolean isPrepend(JsonValue part) {
    return TokenizerPipeline.typeOf(part).equals("Prepend")
        && part instanceof JsonObject prepend
        && isText(prepend.get("prepend"), MARK);
  }

  private static boolean isReplace(JsonValue part, String original, String replacement) {
    return TokenizerPipeline.typeOf(part).equals("Replace")
        && part instanceof JsonObject replace
        && replace.get("pattern") instanceof JsonObject pattern
        && isText(pattern.get("String"), original)
        && isText(replace.get("content"), replacement);
  }

  private static boolean isStripOfOneSpace(JsonValue part) {
    return TokenizerPipeline.typeOf(part).equals("Strip")
        && part instanceof JsonObject strip
        && isText(strip.get("content"), " ")
        && isNumber(strip.get("start"), 1)
        && isNumber(strip.get("stop"), 0);
  }

  private static boolean isText(@Nullable JsonValue value, String text) {
    return value instanceof JsonString(String found) && found.equals(text);
  }

  private static boolean isNumber(@Nullable JsonValue value, int number) {
    return value instanceof JsonNumber(BigDecimal found)
        && found.compareTo(BigDecimal.valueOf(number)) == 0;
  }
}
