package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import io.github.bitnet4j.tokenizer.template.Text;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Turns text into token ids and back, by byte pair encoding: byte-level (GPT-2, Llama 3, BitNet
 * b1.58 2B-4T) or SentencePiece's with byte fallback (Llama 2).
 *
 * <p>Ids are exactly those of Hugging Face's {@code tokenizers}. Text is taken as Unicode; an
 * unpaired surrogate counts as U+FFFD. Added tokens that are not special are always found in text;
 * special ones only with {@link EncodeOptions#parseSpecial}. Time is linear in the text but for a
 * logarithm in the length of its longest piece (a word, a run of spaces), and nothing is cached.
 * Immutable and thread-safe.
 */
public final class Tokenizer {
  private final Vocabulary vocabulary;
  private final BpeModel model;
  private final BitSet special = new BitSet();

  /** Hugging Face looks for tokens that are not "normalized" first, then in the text between. */
  private final AddedTokens literalAdded;

  private final AddedTokens normalizedAdded;
  private volatile @Nullable ChatTemplate chatTemplate;

  private Tokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    model = vocabulary.model();
    Collection<AddedToken> added = vocabulary.added().values();
    added.stream().filter(AddedToken::special).forEach(token -> special.set(token.id()));
    literalAdded = new AddedTokens(added.stream().filter(token -> !token.normalized()).toList());
    normalizedAdded =
        new AddedTokens(
            added.stream()
                .filter(AddedToken::normalized)
                .map(token -> token.withName(model.normalize(token.name())))
                .toList());
  }

  /**
   * Reads the files of a tokenizer, given the vocabulary or the folder that holds it.
   *
   * <p>The vocabulary is {@code tokenizer.json} or, without one, {@code tokenizer.model}, which is
   * SentencePiece's or the tiktoken ranks of Llama 3. {@code tokenizer_config.json}, {@code
   * special_tokens_map.json} and {@code chat_template.jinja} beside it are read if they are there.
   * It may also be a GGUF file, with or without the weights of a model, or a folder that holds none
   * of these but exactly one {@code .gguf} file; then nothing beside the file is read.
   *
   * @throws TokenizerFormatException if a file is damaged, or asks for something that is not
   *     supported
   * @throws IOException if a file cannot be read
   */
  public static Tokenizer load(Path fileOrFolder) throws IOException {
    return new Tokenizer(TokenizerFiles.read(fileOrFolder));
  }

  /**
   * Reads a rank file of tiktoken. {@code <|begin_of_text|>} and {@code <|end_of_text|>} among the
   * special tokens are taken for those at the beginning and the end of a sequence.
   *
   * @param pattern the regular expression that cuts text, as tiktoken's {@code pat_str} has it;
   *     that of Llama 3, GPT-2 or Qwen 2
   * @param specialTokens the ids of the special tokens, which the file does not hold, by name
   * @throws IllegalArgumentException if the pattern is another one
   * @throws TokenizerFormatException if the file is damaged, or a special token contradicts it
   * @throws IOException if the file cannot be read
   */
  public static Tokenizer loadTiktoken(
      Path file, String pattern, Map<String, Integer> specialTokens) throws IOException {
    PreTokenizer preTokenizer =
        PreTokenizer.forRegex(pattern)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "pattern "
                            + JsonStream.excerpt(pattern)
                            + " is not that of Llama 3, GPT-2 or Qwen 2"));
    byte[] bytes = TokenizerFiles.readBytes(file);
    return new Tokenizer(TiktokenRanks.read(file, bytes, preTokenizer, specialTokens));
  }

  /**
   * Takes the vocabulary of a GGUF file.
   *
   * @throws TokenizerFormatException if it makes no sense, or asks for something that is not
   *     supported; the message names the key
   */
  public static Tokenizer of(GgufVocabulary vocabulary) throws TokenizerFormatException {
    return new Tokenizer(GgufVocabularyReader.read(vocabulary));
  }

  /** Encodes ordinary text, see {@link EncodeOptions#LITERAL}. */
  public int[] encode(String text) {
    return encode(text, EncodeOptions.LITERAL);
  }

  /** Encodes text. */
  public int[] encode(String text, EncodeOptions options) {
    var out = new TokenBuffer(text.length() / 3);
    encode(text, options, out);
    return out.toArray();
  }

  /** Encodes text and appends the ids to a buffer. */
  public void encode(String text, EncodeOptions options, TokenBuffer out) {
    if (options.addBos() && bosId().isPresent()) {
      out.add(bosId().getAsInt());
    }
    new Encoding(this, options.parseSpecial(), out::addAll, null).encode(text);
  }

  /** Returns the number of ids that {@link #encode} would return, without holding them. */
  public int count(String text, EncodeOptions options) {
    var count = new IdCount();
    new Encoding(this, options.parseSpecial(), count, null).encode(text);
    return count.ids + (options.addBos() && bosId().isPresent() ? 1 : 0);
  }

  /** Encodes text and says which characters every token came from, see {@link TokenSpans}. */
  public TokenSpans encodeWithSpans(String text, EncodeOptions options) {
    var ids = new TokenBuffer(text.length() / 3);
    var starts = new TokenBuffer(text.length() / 3);
    var ends = new TokenBuffer(text.length() / 3);
    SpanSink spans =
        (start, end) -> {
          starts.add(start);
          ends.add(end);
        };
    if (options.addBos() && bosId().isPresent()) {
      ids.add(bosId().getAsInt());
      spans.accept(0, 0);
    }
    new Encoding(this, options.parseSpecial(), ids::addAll, spans).encode(text);
    return new TokenSpans(ids.toArray(), starts.toArray(), ends.toArray());
  }

  /** Returns the texts that are special tokens in a prompt, before and after normalization. */
  List<String> specialTexts() {
    List<String> names = specialTokens();
    return model.nfc()
        ? Stream.concat(names.stream(), names.stream().map(Nfc::normalize)).distinct().toList()
        : names;
  }

  /** Returns a prompt as the normalizer changes it, so that special tokens in it can be guarded. */
  Text normalize(Text prompt) {
    if (!model.nfc() || Nfc.isAscii(prompt.value(), 0, prompt.value().length())) {
      return prompt;
    }
    Nfc nfc = Nfc.located(prompt.value());
    return prompt.changed(nfc.text(), nfc::start, index -> nfc.end(index + 1));
  }

  /**
   * Encodes the rendering of a chat template, which mixes special tokens of the template with text
   * of strangers: special tokens are parsed, and then {@code guard} is deleted from the text
   * between them. The caller puts guards into names of special tokens that come with the strangers'
   * text, so that they encode as if written out; the guard must not occur anywhere else. No
   * beginning-of-sequence id is added.
   */
  int[] encodeTemplated(String text, char guard) {
    var out = new TokenBuffer(text.length() / 3);
    new Encoding(this, out::addAll, String.valueOf(guard)).encode(text);
    return out.toArray();
  }

  /**
   * Decodes ids; special tokens appear as their names, bytes that are no UTF-8 as U+FFFD (see
   * {@link StreamingDecoder}). An id below {@link #vocabSize} that has no token decodes to nothing.
   *
   * @throws IllegalArgumentException if an id is negative or not below {@link #vocabSize}
   */
  public String decode(int... ids) {
    StreamingDecoder decoder = newStreamingDecoder(false);
    for (int id : ids) {
      decoder.append(id);
    }
    return decoder.finish();
  }

  /**
   * Returns a decoder for one stream of ids.
   *
   * @param skipSpecial whether special tokens decode to nothing instead of their names
   */
  public StreamingDecoder newStreamingDecoder(boolean skipSpecial) {
    return new StreamingDecoder(this, skipSpecial, model.spaces().dropsFirst());
  }

  /** Returns the number of ids: every id is below it. There may be ids without a token. */
  public int vocabSize() {
    return model.tokens().size();
  }

  /**
   * Returns the id of a token by its text: the name of an added token, such as {@code <|eot_id|>},
   * or all the text of an ordinary one, such as {@code " the"}.
   */
  public OptionalInt idOf(String token) {
    return vocabulary.idOf(token);
  }

  /**
   * Returns the bytes that a token stands for, the name of an added token in UTF-8; none for an id
   * without a token. They need not be whole characters.
   *
   * @throws IllegalArgumentException if the id is negative or not below {@link #vocabSize}
   */
  public byte[] tokenBytes(int id) {
    checkId(id);
    return model.tokens().bytes(id);
  }

  /**
   * Returns the text of a token by itself, with its space at the beginning, and U+FFFD for bytes
   * that are no whole character.
   *
   * @throws IllegalArgumentException if the id is negative or not below {@link #vocabSize}
   */
  public String tokenText(int id) {
    var decoder = new StreamingDecoder(this, false, false);
    decoder.append(id);
    return decoder.finish();
  }

  /**
   * Returns whether the id is a special (control) token.
   *
   * @throws IllegalArgumentException if the id is negative or not below {@link #vocabSize}
   */
  public boolean isSpecial(int id) {
    checkId(id);
    return special.get(id);
  }

  /**
   * Returns the beginning-of-sequence id: that of {@code tokenizer_config.json} or GGUF, else the
   * one that the post-processor of {@code tokenizer.json} puts first.
   */
  public OptionalInt bosId() {
    return vocabulary.bosId();
  }

  /**
   * Returns whether the model expects the beginning-of-sequence id before a prompt: what {@code
   * add_bos_token} says, else whether the post-processor puts it first.
   */
  public boolean addsBos() {
    return vocabulary.addsBos();
  }

  /** Returns the end-of-sequence id of {@code tokenizer_config.json} or GGUF. */
  public OptionalInt eosId() {
    return vocabulary.eosId();
  }

  /**
   * Returns the model's chat template, parsed on first use: one that cannot be parsed fails here,
   * as {@link ChatTemplate#parse} says, and not in {@link #load}.
   */
  public Optional<ChatTemplate> chatTemplate() {
    ChatTemplate parsed = chatTemplate;
    if (parsed == null && chatTemplateSource().isPresent()) {
      parsed = ChatTemplate.parse(chatTemplateSource().get());
      chatTemplate = parsed;
    }
    return Optional.ofNullable(parsed);
  }

  /** Returns the source of the model's chat template, as its files have it. */
  public Optional<String> chatTemplateSource() {
    return vocabulary.chatTemplate();
  }

  /** Returns the names of all special tokens, in the order of their ids. */
  public List<String> specialTokens() {
    return special.stream().mapToObj(this::tokenText).toList();
  }

  /**
   * Returns the id of the token for what cannot be encoded, of which this tokenizer makes no use.
   */
  public OptionalInt unknownId() {
    return vocabulary.unknownId();
  }

  TokenTable tokens() {
    return model.tokens();
  }

  void checkId(int id) {
    if (id < 0 || id >= vocabSize()) {
      throw new IllegalArgumentException(
          "token id " + id + " is not in the range 0 to " + (vocabSize() - 1));
    }
  }

  BpeModel model() {
    return model;
  }

  AddedTokens literalAdded() {
    return literalAdded;
  }

  AddedTokens normalizedAdded() {
    return normalizedAdded;
  }

  /** Returns the kind of the vocabulary, its splitter and its size. */
  @Override
  public String toString() {
    return "Tokenizer["
        + model.kind()
        + ", "
        + model.preTokenizer()
        + ", "
        + vocabSize()
        + " ids, "
        + special.cardinality()
        + " special]";
  }

  /** Counts ids. */
  private static final class IdCount implements IdSink {
    private int ids;

    @Override
    public void accept(int[] ignored, int count) {
      ids += count;
    }
  }
}
