package io.github.bitnet4j.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The keys {@code tokenizer.*} of a GGUF file, for {@link Tokenizer#of}. Whoever reads the file
 * fills it; the container is not this module's business. What it holds need not make sense: {@code
 * Tokenizer.of} checks it.
 *
 * @param source what messages call the file
 * @param architecture {@code general.architecture}
 * @param model {@code tokenizer.ggml.model}: {@code gpt2} or {@code llama}
 * @param pre {@code tokenizer.ggml.pre}, the name of the splitter
 * @param tokens {@code tokenizer.ggml.tokens}, by id
 * @param scores {@code tokenizer.ggml.scores} by id; empty if the file has none
 * @param tokenTypes {@code tokenizer.ggml.token_type} by id (1 normal, 2 unknown, 3 control, 4 user
 *     defined, 5 unused, 6 byte); empty if the file has none
 * @param merges {@code tokenizer.ggml.merges}, "left right", first merge first; empty if the file
 *     has none
 * @param bosId {@code tokenizer.ggml.bos_token_id}
 * @param eosId {@code tokenizer.ggml.eos_token_id}
 * @param unknownId {@code tokenizer.ggml.unknown_token_id}
 * @param addBos {@code tokenizer.ggml.add_bos_token}
 * @param addSpacePrefix {@code tokenizer.ggml.add_space_prefix}
 * @param chatTemplate {@code tokenizer.chat_template}
 */
@SuppressWarnings("ArrayRecordComponent") // large, handed over and not compared
public record GgufVocabulary(
    String source,
    Optional<String> architecture,
    String model,
    Optional<String> pre,
    Utf8Strings tokens,
    float[] scores,
    int[] tokenTypes,
    Utf8Strings merges,
    OptionalInt bosId,
    OptionalInt eosId,
    OptionalInt unknownId,
    Optional<Boolean> addBos,
    Optional<Boolean> addSpacePrefix,
    Optional<String> chatTemplate) {

  /**
   * An array of strings that is read once, from the first to the last, so that nobody has to hold a
   * hundred thousand Strings.
   */
  public interface Utf8Strings {
    /** Returns the number of strings. */
    int size();

    /**
     * Returns the bytes of a string, supposed to be UTF-8.
     *
     * @param index from 0 to {@link #size} - 1
     */
    byte[] get(int index);

    /** Returns the strings of a list. */
    static Utf8Strings of(List<String> strings) {
      List<String> copy = List.copyOf(strings);
      return new Utf8Strings() {
        @Override
        public int size() {
          return copy.size();
        }

        @Override
        public byte[] get(int index) {
          return copy.get(index).getBytes(StandardCharsets.UTF_8);
        }
      };
    }
  }

  /** Returns a builder of a vocabulary that has only what every file has. */
  public static Builder builder(String source, String model, Utf8Strings tokens) {
    return new Builder(source, model, tokens);
  }

  /** Collects the keys that a file has. Belongs to one thread. */
  public static final class Builder {
    private final String source;
    private final String model;
    private final Utf8Strings tokens;
    private Optional<String> architecture = Optional.empty();
    private Optional<String> pre = Optional.empty();
    private float[] scores = {};
    private int[] tokenTypes = {};
    private Utf8Strings merges = Utf8Strings.of(List.of());
    private OptionalInt bosId = OptionalInt.empty();
    private OptionalInt eosId = OptionalInt.empty();
    private OptionalInt unknownId = OptionalInt.empty();
    private Optional<Boolean> addBos = Optional.empty();
    private Optional<Boolean> addSpacePrefix = Optional.empty();
    private Optional<String> chatTemplate = Optional.empty();

    private Builder(String source, String model, Utf8Strings tokens) {
      this.source = source;
      this.model = model;
      this.tokens = tokens;
    }

    /** Sets {@code general.architecture}. */
    public Builder architecture(String architecture) {
      this.architecture = Optional.of(architecture);
      return this;
    }

    /** Sets {@code tokenizer.ggml.pre}. */
    public Builder pre(String pre) {
      this.pre = Optional.of(pre);
      return this;
    }

    /** Sets {@code tokenizer.ggml.scores}. */
    public Builder scores(float... scores) {
      this.scores = scores;
      return this;
    }

    /** Sets {@code tokenizer.ggml.token_type}. */
    public Builder tokenTypes(int... tokenTypes) {
      this.tokenTypes = tokenTypes;
      return this;
    }

    /** Sets {@code tokenizer.ggml.merges}. */
    public Builder merges(Utf8Strings merges) {
      this.merges = merges;
      return this;
    }

    /** Sets {@code tokenizer.ggml.bos_token_id}. */
    public Builder bosId(int bosId) {
      this.bosId = OptionalInt.of(bosId);
      return this;
    }

    /** Sets {@code tokenizer.ggml.eos_token_id}. */
    public Builder eosId(int eosId) {
      this.eosId = OptionalInt.of(eosId);
      return this;
    }

    /** Sets {@code tokenizer.ggml.unknown_token_id}. */
    public Builder unknownId(int unknownId) {
      this.unknownId = OptionalInt.of(unknownId);
      return this;
    }

    /** Sets {@code tokenizer.ggml.add_bos_token}. */
    public Builder addBos(boolean addBos) {
      this.addBos = Optional.of(addBos);
      return this;
    }

    /** Sets {@code tokenizer.ggml.add_space_prefix}. */
    public Builder addSpacePrefix(boolean addSpacePrefix) {
      this.addSpacePrefix = Optional.of(addSpacePrefix);
      return this;
    }

    /** Sets {@code tokenizer.chat_template}. */
    public Builder chatTemplate(String chatTemplate) {
      this.chatTemplate = Optional.of(chatTemplate);
      return this;
    }

    /** Returns the vocabulary. */
    public GgufVocabulary build() {
      return new GgufVocabulary(
          source,
          architecture,
          model,
          pre,
          tokens,
          scores,
          tokenTypes,
          merges,
          bosId,
          eosId,
          unknownId,
          addBos,
          addSpacePrefix,
          chatTemplate);
    }
  }
}
