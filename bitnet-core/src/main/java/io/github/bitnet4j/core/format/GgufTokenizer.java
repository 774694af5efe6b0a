package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.tokenizer.GgufVocabulary;
import io.github.bitnet4j.tokenizer.GgufVocabulary.Utf8Strings;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.TokenizerFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The tokenizer in the metadata of a GGUF file. */
final class GgufTokenizer {
  private static final int TYPE_INT = 5;
  private static final int TYPE_FLOAT = 6;
  private static final int MAX_TOKEN_ID = 1 << 24;

  /** Of each list: four times the largest published one, and few enough to fit a small heap. */
  private static final int MAX_ELEMENTS = 1 << 20;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** What the placeholder of converters contains, which {@link Tokenizer#of} replaces. */
  private static final String PLACEHOLDER_MARK = "BITNETAssistant: ";

  private GgufTokenizer() {}

  /**
   * Reads the tokenizer.
   *
   * @return null if the file has none
   * @throws ModelFormatException if a key has the wrong type
   * @throws TokenizerFormatException if the vocabulary is unusable
   */
  static @Nullable Tokenizer read(GgufMetadata metadata, String source)
      throws ModelFormatException, TokenizerFormatException {
    Optional<String> model = metadata.string("tokenizer.ggml.model");
    ArrayValue tokens = array(metadata, "tokenizer.ggml.tokens");
    if (model.isEmpty() || tokens == null) {
      return null;
    }
    GgufVocabulary.Builder vocabulary =
        GgufVocabulary.builder(
            source, model.get(), strings(metadata, "tokenizer.ggml.tokens", tokens));
    metadata.string("general.architecture").ifPresent(vocabulary::architecture);
    metadata.string("tokenizer.ggml.pre").ifPresent(vocabulary::pre);
    ArrayValue scores = array(metadata, "tokenizer.ggml.scores");
    if (scores != null) {
      vocabulary.scores(floats(metadata, "tokenizer.ggml.scores", scores));
    }
    ArrayValue types = array(metadata, "tokenizer.ggml.token_type");
    if (types != null) {
      vocabulary.tokenTypes(ints(metadata, "tokenizer.ggml.token_type", types));
    }
    ArrayValue merges = array(metadata, "tokenizer.ggml.merges");
    if (merges != null) {
      vocabulary.merges(strings(metadata, "tokenizer.ggml.merges", merges));
    }
    id(metadata, "tokenizer.ggml.bos_token_id").ifPresent(vocabulary::bosId);
    id(metadata, "tokenizer.ggml.eos_token_id").ifPresent(vocabulary::eosId);
    id(metadata, "tokenizer.ggml.unknown_token_id").ifPresent(vocabulary::unknownId);
    metadata.bool("tokenizer.ggml.add_bos_token").ifPresent(vocabulary::addBos);
    metadata.bool("tokenizer.ggml.add_space_prefix").ifPresent(vocabulary::addSpacePrefix);
    metadata.string("tokenizer.chat_template").ifPresent(vocabulary::chatTemplate);
    return Tokenizer.of(vocabulary.build());
  }

  /** Returns whether the file's chat template is the placeholder of a converter. */
  static boolean hasPlaceholderTemplate(GgufMetadata metadata) throws ModelFormatException {
    return metadata
        .string("tokenizer.chat_template")
        .filter(template -> template.contains(PLACEHOLDER_MARK))
        .isPresent();
  }

  private static Optional<Integer> id(GgufMetadata metadata, String key)
      throws ModelFormatException {
    OptionalInt id = metadata.optionalInt(key, 0, MAX_TOKEN_ID);
    return id.isPresent() ? Optional.of(id.getAsInt()) : Optional.empty();
  }

  private static @Nullable ArrayValue array(GgufMetadata metadata, String key)
      throws ModelFormatException {
    ArrayValue array = metadata.array(key);
    if (array != null && array.count() > MAX_ELEMENTS) {
      throw metadata.problem(key, "at most " + MAX_ELEMENTS + " elements", array.count());
    }
    return array;
  }

  private static Utf8Strings strings(GgufMetadata metadata, String key, ArrayValue array)
      throws ModelFormatException {
    if (array.elementType() != GgufFile.TYPE_STRING) {
      throw metadata.problem(key, "strings", "elements of type " + array.elementType());
    }
    MemorySegment data = array.data();
    long[] starts = new long[array.count() + 1];
    for (int i = 0; i < array.count(); i++) {
      starts[i + 1] = starts[i] + 8 + data.get(LONG, starts[i]);
    }
    return new Utf8Strings() {
      @Override
      public int size() {
        return array.count();
      }

      @Override
      public byte[] get(int index) {
        long start = starts[index] + 8;
        return data.asSlice(start, starts[index + 1] - start).toArray(ValueLayout.JAVA_BYTE);
      }
    };
  }

  private static float[] floats(GgufMetadata metadata, String key, ArrayValue array)
      throws ModelFormatException {
    if (array.elementType() != TYPE_FLOAT) {
      throw metadata.problem(key, "32-bit floats", "elements of type " + array.elementType());
    }
    return array
        .data()
        .toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
  }

  private static int[] ints(GgufMetadata metadata, String key, ArrayValue array)
      throws ModelFormatException {
    if (array.elementType() != TYPE_INT) {
      throw metadata.problem(key, "32-bit integers", "elements of type " + array.elementType());
    }
    return array.data().toArray(INT);
  }
}
