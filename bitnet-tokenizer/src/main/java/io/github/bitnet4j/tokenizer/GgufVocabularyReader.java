package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.GgufVocabulary.Utf8Strings;
import io.github.bitnet4j.tokenizer.SpaceRules.Prefix;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.OptionalInt;

/** Understands the vocabulary of a GGUF file. */
final class GgufVocabularyReader {
  /** The number of tokens of Llama 3, whose splitter the official BitNet file does not name. */
  private static final int LLAMA3_TOKENS = 128_256;

  /**
   * What the chat template contains that converters put into GGUF files of 2B-4T. It is a
   * placeholder: the model was trained with the other one, from its own tokenizer_config.json.
   */
  private static final String PLACEHOLDER_MARK = "BITNETAssistant: ";

  private static final String CHAT_TEMPLATE_2B_4T =
      "{% set loop_messages = messages %}{% for message in loop_messages %}"
          + "{% set content = message['role'] | capitalize + ': '+ message['content'] | trim"
          + " + '<|eot_id|>' %}{{ content }}{% endfor %}"
          + "{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}";

  private final GgufVocabulary file;
  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();

  private GgufVocabularyReader(GgufVocabulary file) {
    this.file = file;
  }

  static Vocabulary read(GgufVocabulary file) throws TokenizerFormatException {
    var reader = new GgufVocabularyReader(file);
    return switch (file.model()) {
      case "gpt2" -> reader.readByteLevel();
      case "llama" -> reader.readSentencePiece();
      default ->
          throw reader.fault(
              "tokenizer.ggml.model",
              "expected gpt2 or llama, found " + JsonStream.excerpt(file.model()));
    };
  }

  private Vocabulary readByteLevel() throws TokenizerFormatException {
    PreTokenizer preTokenizer = preTokenizer();
    var builder = new VocabularyBuilder(BpeKind.BYTE_LEVEL);
    readTokens(builder);
    Utf8Strings merges = file.merges();
    for (int i = 0; i < merges.size(); i++) {
      String key = "tokenizer.ggml.merges[" + i + "]";
      try {
        char[] merge = text(merges, i, key).toCharArray();
        builder.merge(merge, merge.length);
      } catch (VocabularyException e) {
        throw fault(key, e.fault());
      }
    }
    // Engines take these two from Llama 3's splitter; the file has no key for the first.
    boolean llama3 = preTokenizer == PreTokenizer.LLAMA3;
    return vocabulary(
        builder, preTokenizer, SpaceRules.NONE, /* ignoreMerges= */ llama3, /* addsBos= */ llama3);
  }

  private PreTokenizer preTokenizer() throws TokenizerFormatException {
    if (file.pre().isEmpty()) {
      if (file.architecture().filter(name -> name.startsWith("bitnet")).isPresent()
          || file.tokens().size() == LLAMA3_TOKENS) {
        return PreTokenizer.LLAMA3;
      }
      throw fault("tokenizer.ggml.pre", "expected the name of a splitter, found nothing");
    }
    String name = file.pre().get();
    return PreTokenizer.forGguf(name)
        .orElseThrow(
            () ->
                fault(
                    "tokenizer.ggml.pre",
                    "expected llama-bpe, falcon3, falcon_e, qwen2, gpt-2 or falcon, found "
                        + JsonStream.excerpt(name)
                        + "; this tokenizer is not supported"));
  }

  private Vocabulary readSentencePiece() throws TokenizerFormatException {
    int size = file.tokens().size();
    if (file.scores().length != size) {
      throw fault(
          "tokenizer.ggml.scores",
          "expected a score for each of " + size + " tokens, found " + file.scores().length);
    }
    var builder = new VocabularyBuilder(BpeKind.SENTENCE_PIECE);
    readTokens(builder);
    try {
      builder.mergeByScores(file.scores());
    } catch (VocabularyException e) {
      throw fault("tokenizer.ggml.scores", e.fault());
    }
    boolean prefix = file.addSpacePrefix().orElse(true);
    SpaceRules spaces =
        prefix ? SpaceRules.LLAMA2 : new SpaceRules(Prefix.NEVER, true, /* dropsFirst= */ false);
    return vocabulary(
        builder,
        PreTokenizer.forSentencePiece(builder),
        spaces,
        /* ignoreMerges= */ false,
        /* addsBos= */ true);
  }

  private void readTokens(VocabularyBuilder builder) throws TokenizerFormatException {
    Utf8Strings tokens = file.tokens();
    int[] types = file.tokenTypes();
    if (tokens.size() > TokenTable.MAX_ID + 1) {
      throw fault(
          "tokenizer.ggml.tokens",
          "expected at most " + (TokenTable.MAX_ID + 1) + " tokens, found " + tokens.size());
    }
    if (types.length != tokens.size() && types.length != 0) {
      throw fault(
          "tokenizer.ggml.token_type",
          "expected a type for each of " + tokens.size() + " tokens, found " + types.length);
    }
    for (int id = 0; id < tokens.size(); id++) {
      String key = "tokenizer.ggml.tokens[" + id + "]";
      String token = text(tokens, id, key);
      try {
        builder.typedToken(token, id, types.length == 0 ? VocabularyBuilder.NORMAL : types[id]);
      } catch (VocabularyException e) {
        throw fault(key, e.fault());
      }
    }
  }

  private Vocabulary vocabulary(
      VocabularyBuilder builder,
      PreTokenizer preTokenizer,
      SpaceRules spaces,
      boolean ignoreMerges,
      boolean addsBos)
      throws TokenizerFormatException {
    requireId(file.bosId(), "tokenizer.ggml.bos_token_id");
    requireId(file.eosId(), "tokenizer.ggml.eos_token_id");
    requireId(file.unknownId(), "tokenizer.ggml.unknown_token_id");
    try {
      return new Vocabulary(
          builder.model(preTokenizer, spaces, ignoreMerges),
          Map.copyOf(builder.added()),
          file.bosId(),
          file.bosId().isPresent() && file.addBos().orElse(addsBos),
          file.eosId(),
          file.unknownId(),
          file.chatTemplate().map(GgufVocabularyReader::withoutPlaceholder));
    } catch (VocabularyException e) {
      throw fault("tokenizer.ggml.tokens", e.fault());
    }
  }

  private static String withoutPlaceholder(String template) {
    return template.contains(PLACEHOLDER_MARK) ? CHAT_TEMPLATE_2B_4T : template;
  }

  private void requireId(OptionalInt id, String key) throws TokenizerFormatException {
    if (id.isPresent() && (id.getAsInt() < 0 || id.getAsInt() >= file.tokens().size())) {
      throw fault(key, "expected an id below " + file.tokens().size() + ", found " + id.getAsInt());
    }
  }

  private String text(Utf8Strings strings, int index, String key) throws TokenizerFormatException {
    try {
      return utf8.decode(ByteBuffer.wrap(strings.get(index))).toString();
    } catch (CharacterCodingException e) {
      throw fault(key, "expected UTF-8, found other bytes");
    }
  }

  private TokenizerFormatException fault(String where, String fault) {
    return new TokenizerFormatException(file.source() + ": " + where + ": " + fault);
  }
}
