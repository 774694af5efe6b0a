package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import io.github.bitnet4j.tokenizer.SpaceRules.Prefix;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reader of SentencePiece's {@code tokenizer.model} for byte pair encoding with byte fallback: a
 * {@code ModelProto} of {@code sentencepiece_model.proto}. What would change the ids and is not
 * supported (unigram models, normalization by a character map, spaces as suffixes) is refused.
 */
final class SentencePieceModel {
  /** {@code TrainerSpec.ModelType}. */
  private static final int UNIGRAM = 1;

  private static final int BPE = 2;

  private final byte[] bytes;
  private final VocabularyBuilder builder = new VocabularyBuilder(BpeKind.SENTENCE_PIECE);
  private float[] scores = new float[1 << 10];
  private int size;

  private long modelType = UNIGRAM;
  private long unknownId;
  private long bosId = 1;
  private long eosId = 2;
  private boolean dummyPrefix = true;
  private boolean removesSpaces = true;
  private boolean escapesSpaces = true;
  private boolean spaceIsSuffix;
  private int charsMapBytes;

  private SentencePieceModel(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Returns whether these may be the bytes of such a file: it begins with its first piece. */
  static boolean isModel(byte[] bytes) {
    return bytes.length > 2 && bytes[0] == 0x0A && bytes[2] == 0x0A;
  }

  /**
   * Understands the bytes of a file.
   *
   * @param more the added tokens that the configuration beside the file has
   */
  static Vocabulary read(Path file, byte[] bytes, List<AddedToken> more)
      throws TokenizerFormatException {
    try {
      return new SentencePieceModel(bytes).readModel(more);
    } catch (VocabularyException e) {
      throw new TokenizerFormatException(file + ": " + e.fault());
    }
  }

  private Vocabulary readModel(List<AddedToken> more) throws VocabularyException {
    var in = new ProtobufReader(bytes, 0, bytes.length);
    while (in.next()) {
      switch (in.field()) {
        case 1 -> readPiece(in.message());
        case 2 -> readTrainer(in.message());
        case 3 -> readNormalizer(in.message());
        default -> in.skip();
      }
    }
    requireSupported();
    builder.mergeByScores(Arrays.copyOf(scores, size));
    for (AddedToken token : more) {
      if (!builder.tokens().contains(token.id())) {
        builder.addedToken(token);
      }
    }
    SpaceRules spaces =
        dummyPrefix
            ? SpaceRules.LLAMA2
            : new SpaceRules(Prefix.NEVER, true, /* dropsFirst= */ false);
    OptionalInt bos = id(bosId);
    return new Vocabulary(
        builder.model(PreTokenizer.forSentencePiece(builder), spaces, /* ignoreMerges= */ false),
        Map.copyOf(builder.added()),
        bos,
        bos.isPresent(),
        id(eosId),
        id(unknownId),
        Optional.empty());
  }

  /** Returns an id of the trainer, who says -1 for none. */
  private OptionalInt id(long id) {
    return id >= 0 && id < size ? OptionalInt.of((int) id) : OptionalInt.empty();
  }

  private void readPiece(ProtobufReader in) throws VocabularyException {
    String piece = "";
    float score = 0;
    int type = VocabularyBuilder.NORMAL;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> piece = in.text();
        case 2 -> score = in.float32();
        case 3 -> type = Math.clamp(in.varint(), 0, Integer.MAX_VALUE);
        default -> in.skip();
      }
    }
    if (size == scores.length) {
      scores = Arrays.copyOf(scores, 2 * size);
    }
    if (size > TokenTable.MAX_ID) {
      throw new VocabularyException(
          "pieces: expected at most " + (TokenTable.MAX_ID + 1) + ", found more");
    }
    try {
      builder.typedToken(piece, size, type);
    } catch (VocabularyException e) {
      throw new VocabularyException("pieces[" + size + "]: " + e.fault());
    }
    scores[size++] = score;
  }

  private void readTrainer(ProtobufReader in) throws VocabularyException {
    while (in.next()) {
      switch (in.field()) {
        case 3 -> modelType = in.varint();
        case 24 -> spaceIsSuffix = in.varint() != 0;
        case 40 -> unknownId = in.varint();
        case 41 -> bosId = in.varint();
        case 42 -> eosId = in.varint();
        default -> in.skip();
      }
    }
  }

  private void readNormalizer(ProtobufReader in) throws VocabularyException {
    while (in.next()) {
      switch (in.field()) {
        case 2 -> charsMapBytes = in.length();
        case 3 -> dummyPrefix = in.varint() != 0;
        case 4 -> removesSpaces = in.varint() != 0;
        case 5 -> escapesSpaces = in.varint() != 0;
        default -> in.skip();
      }
    }
  }

  private void requireSupported() throws VocabularyException {
    require(modelType == BPE, "trainer_spec.model_type", "2 (BPE)", modelType);
    require(!spaceIsSuffix, "trainer_spec.treat_whitespace_as_suffix", "false", spaceIsSuffix);
    require(
        charsMapBytes == 0,
        "normalizer_spec.precompiled_charsmap",
        "nothing",
        charsMapBytes + " bytes");
    require(!removesSpaces, "normalizer_spec.remove_extra_whitespaces", "false", removesSpaces);
    require(escapesSpaces, "normalizer_spec.escape_whitespaces", "true", escapesSpaces);
  }

  private static void require(boolean fulfilled, String where, String expected, Object found)
      throws VocabularyException {
    if (!fulfilled) {
      throw new VocabularyException(
          where
              + ": expected "
              + expected
              + ", found "
              + found
              + "; this tokenizer is not supported");
    }
  }
}
