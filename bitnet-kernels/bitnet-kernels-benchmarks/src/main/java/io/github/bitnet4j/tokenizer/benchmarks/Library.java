package io.github.bitnet4j.tokenizer.benchmarks;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.GptBytePairEncodingParams;
import com.knuddels.jtokkit.api.IntArrayList;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** One of the tokenizers that are compared, loaded from the same file. */
sealed interface Library extends AutoCloseable {
  /** Encodes ordinary text, without a beginning-of-sequence id. */
  int[] encode(String text);

  String decode(int[] ids);

  @Override
  default void close() {}

  /** Loads a library by its name from a {@code tokenizer.json}. */
  static Library load(String name, Path tokenizerJson) {
    try {
      return switch (name) {
        case "bitnet4j" -> new Bitnet4j(Tokenizer.load(tokenizerJson));
        case "djl" -> Djl.load(tokenizerJson);
        case "jtokkit" -> Jtokkit.load(tokenizerJson);
        default -> throw new IllegalArgumentException("library " + name + " is not known");
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** This project's. */
  record Bitnet4j(Tokenizer tokenizer) implements Library {
    @Override
    public int[] encode(String text) {
      return tokenizer.encode(text);
    }

    @Override
    public String decode(int[] ids) {
      return tokenizer.decode(ids);
    }
  }

  /** Hugging Face's own, in Rust, called through DJL. It always parses special tokens. */
  record Djl(HuggingFaceTokenizer tokenizer) implements Library {
    static Djl load(Path tokenizerJson) throws IOException {
      return new Djl(
          HuggingFaceTokenizer.newInstance(
              tokenizerJson, Map.of("addSpecialTokens", "false", "truncation", "false")));
    }

    @Override
    public int[] encode(String text) {
      return Arrays.stream(tokenizer.encode(text, false, false).getIds())
          .mapToInt(Math::toIntExact)
          .toArray();
    }

    @Override
    public String decode(int[] ids) {
      return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), false);
    }

    @Override
    public void close() {
      tokenizer.close();
    }
  }

  /** jtokkit, given the tokens as ranks and Llama 3's expression. */
  record Jtokkit(Encoding encoding) implements Library {
    private static final String LLAMA3 =
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    static Jtokkit load(Path tokenizerJson) throws IOException {
      // It reads no tokenizer.json: only what follows is its own work.
      Tokenizer tokens = Tokenizer.load(tokenizerJson);
      var ranks = new IdentityHashMap<byte[], Integer>(); // what jtokkit asks for
      for (int id = 0; id < tokens.vocabSize(); id++) {
        if (!tokens.isSpecial(id)) {
          ranks.put(tokens.tokenBytes(id), id);
        }
      }
      return of(ranks);
    }

    static Jtokkit of(Map<byte[], Integer> ranks) {
      Pattern pattern = Pattern.compile(LLAMA3, Pattern.UNICODE_CHARACTER_CLASS);
      var params = new GptBytePairEncodingParams("llama3", pattern, ranks, Map.of());
      return new Jtokkit(
          Encodings.newLazyEncodingRegistry()
              .registerGptBytePairEncoding(params)
              .getEncoding("llama3")
              .orElseThrow());
    }

    @Override
    public int[] encode(String text) {
      return encoding.encodeOrdinary(text).toArray();
    }

    @Override
    public String decode(int[] ids) {
      var list = new IntArrayList(ids.length);
      for (int id : ids) {
        list.add(id);
      }
      return encoding.decode(list);
    }
  }
}
