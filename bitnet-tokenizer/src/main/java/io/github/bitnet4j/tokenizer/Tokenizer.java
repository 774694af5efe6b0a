package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import io.github.bitnet4j.tokenizer.AddedTokens.Match;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Turns text into token ids and back, by byte-level byte pair encoding (GPT-2, Llama 3, BitNet
 * b1.58 2B-4T).
 *
 * <p>Ids are exactly those of Hugging Face's {@code tokenizers}. Text is taken as Unicode; an
 * unpaired surrogate counts as U+FFFD. Added tokens that are not special are always found in text;
 * special ones only with {@link EncodeOptions#parseSpecial}. Time is linear in the text but for a
 * logarithm in the length of its longest piece (a word, a run of spaces), and nothing is cached.
 * Immutable and thread-safe.
 */
public final class Tokenizer {
  private final BpeModel model;
  private final Map<String, AddedToken> added;
  private final BitSet special = new BitSet();

  /** Hugging Face looks for tokens that are not "normalized" first, then in the text between. */
  private final List<AddedTokens> addedTokens;

  private final OptionalInt bosId;
  private final boolean addsBos;
  private final OptionalInt eosId;
  private final Optional<String> chatTemplateSource;
  private volatile @Nullable ChatTemplate chatTemplate;

  private Tokenizer(TokenizerJson.Content content, TokenizerConfig config, Path configFile)
      throws TokenizerFormatException {
    model = content.model();
    added = content.added();
    for (AddedToken token : added.values()) {
      if (token.special()) {
        special.set(token.id());
      }
    }
    addedTokens =
        List.of(
            new AddedTokens(added.values().stream().filter(t -> !t.normalized()).toList()),
            new AddedTokens(added.values().stream().filter(AddedToken::normalized).toList()));
    OptionalInt configuredBos = resolve(config.bosToken(), "bos_token", configFile);
    bosId = configuredBos.isPresent() ? configuredBos : content.templateBos();
    addsBos = bosId.isPresent() && config.addsBos().orElse(content.templateBos().isPresent());
    eosId = resolve(config.eosToken(), "eos_token", configFile);
    chatTemplateSource = config.chatTemplate();
  }

  /**
   * Reads {@code tokenizer.json}, given the file or the folder that holds it, and {@code
   * tokenizer_config.json} beside it if it is there.
   *
   * @throws TokenizerFormatException if a file is damaged, or asks for something other than
   *     byte-level byte pair encoding with a known split expression
   * @throws IOException if a file cannot be read
   */
  public static Tokenizer load(Path fileOrFolder) throws IOException {
    Path file =
        Files.isDirectory(fileOrFolder) ? fileOrFolder.resolve("tokenizer.json") : fileOrFolder;
    Path configFile = file.resolveSibling("tokenizer_config.json");
    return new Tokenizer(TokenizerJson.read(file), TokenizerConfig.read(configFile), configFile);
  }

  private OptionalInt resolve(Optional<String> name, String key, Path file)
      throws TokenizerFormatException {
    if (name.isEmpty()) {
      return OptionalInt.empty();
    }
    OptionalInt id = idOf(name.get());
    if (id.isEmpty()) {
      throw new TokenizerFormatException(
          file
              + ": "
              + key
              + ": expected a token of tokenizer.json, found "
              + JsonStream.excerpt(name.get()));
    }
    return id;
  }

  /** Encodes ordinary text, see {@link EncodeOptions#LITERAL}. */
  public int[] encode(String text) {
    return encode(text, EncodeOptions.LITERAL);
  }

  /** Encodes text. */
  public int[] encode(String text, EncodeOptions options) {
    var out = new IntList(text.length() / 3);
    if (options.addBos() && bosId.isPresent()) {
      out.add(bosId.getAsInt());
    }
    new Encoding(out, options.parseSpecial(), "").encode(text);
    return out.toArray();
  }

  /**
   * Encodes the rendering of a chat template, which mixes special tokens of the template with text
   * of strangers: special tokens are parsed, and then {@code guard} is deleted from the text
   * between them. The caller puts guards into names of special tokens that come with the strangers'
   * text, so that they encode as if written out; the guard must not occur anywhere else. No
   * beginning-of-sequence id is added.
   */
  int[] encodeTemplated(String text, char guard) {
    var out = new IntList(text.length() / 3);
    new Encoding(out, true, String.valueOf(guard)).encode(text);
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
    return new StreamingDecoder(this, skipSpecial);
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
    AddedToken addedToken = added.get(token);
    if (addedToken != null) {
      return OptionalInt.of(addedToken.id());
    }
    byte[] utf8 = token.getBytes(StandardCharsets.UTF_8);
    int id = model.tokens().find(utf8, utf8.length);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
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
   * Returns the beginning-of-sequence id: that of {@code tokenizer_config.json}, else the one that
   * the post-processor of {@code tokenizer.json} puts first.
   */
  public OptionalInt bosId() {
    return bosId;
  }

  /**
   * Returns whether the model expects the beginning-of-sequence id before a prompt: what {@code
   * add_bos_token} says, else whether the post-processor puts it first.
   */
  public boolean addsBos() {
    return addsBos;
  }

  /** Returns the end-of-sequence id of {@code tokenizer_config.json}. */
  public OptionalInt eosId() {
    return eosId;
  }

  /**
   * Returns the model's chat template, parsed on first use: one that cannot be parsed fails here,
   * as {@link ChatTemplate#parse} says, and not in {@link #load}.
   */
  public Optional<ChatTemplate> chatTemplate() {
    ChatTemplate parsed = chatTemplate;
    if (parsed == null && chatTemplateSource.isPresent()) {
      parsed = ChatTemplate.parse(chatTemplateSource.get());
      chatTemplate = parsed;
    }
    return Optional.ofNullable(parsed);
  }

  /** Returns the source of the model's chat template, as {@code tokenizer_config.json} has it. */
  public Optional<String> chatTemplateSource() {
    return chatTemplateSource;
  }

  /** Returns the names of all special tokens. */
  List<String> specialTokens() {
    return special.stream().mapToObj(this::decode).toList();
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

  /** One call of encode: cuts text at added tokens and encodes what is between. */
  private final class Encoding {
    private final IntList out;
    private final boolean parseSpecial;
    private final String guard;
    private final BpeEncoder encoder;

    Encoding(IntList out, boolean parseSpecial, String guard) {
      this.out = out;
      this.parseSpecial = parseSpecial;
      this.guard = guard;
      encoder = new BpeEncoder(model, out);
    }

    void encode(String text) {
      encode(text, 0, text.length(), 0);
    }

    private void encode(String text, int from, int to, int pass) {
      if (pass == addedTokens.size()) {
        encodeOrdinary(text, from, to);
        return;
      }
      int start = from;
      while (start < to) {
        Match match =
            addedTokens
                .get(pass)
                .find(text, /* segmentStart= */ from, /* from= */ start, to, parseSpecial);
        encode(text, start, match == null ? to : match.start(), pass + 1);
        if (match == null) {
          return;
        }
        out.add(match.id());
        start = match.end();
      }
    }

    private void encodeOrdinary(String text, int from, int to) {
      if (guard.isEmpty()) {
        encoder.encode(text, from, to);
      } else {
        String unguarded = text.substring(from, to).replace(guard, "");
        encoder.encode(unguarded, 0, unguarded.length());
      }
    }
  }
}
