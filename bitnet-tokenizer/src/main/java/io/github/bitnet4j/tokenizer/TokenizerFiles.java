package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.TokenizerConfig.TokenName;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Reads the files of a tokenizer that belong together. */
final class TokenizerFiles {
  private static final String JSON = "tokenizer.json";
  private static final String MODEL = "tokenizer.model";

  private TokenizerFiles() {}

  /** Reads a vocabulary and the configuration beside it, given the file or the folder. */
  static Vocabulary read(Path fileOrFolder) throws IOException {
    Path file = fileOrFolder;
    if (Files.isDirectory(fileOrFolder)) {
      file = fileOrFolder.resolve(JSON);
      if (!RegularFile.isPresent(file) && RegularFile.isPresent(fileOrFolder.resolve(MODEL))) {
        file = fileOrFolder.resolve(MODEL);
      }
      if (!RegularFile.isPresent(file)) {
        file = onlyGguf(fileOrFolder).orElse(file);
      }
    }
    if (GgufMetadataReader.isGguf(file)) {
      return GgufVocabularyReader.read(GgufMetadataReader.read(file));
    }
    byte[] bytes = readBytes(file);
    TokenizerConfig config = TokenizerConfig.read(file.toAbsolutePath().resolveSibling(""));
    return configured(vocabulary(file, bytes, config), config);
  }

  /** Returns the only GGUF file of a folder, which may hold a model and its tokenizer. */
  private static Optional<Path> onlyGguf(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> found = files.filter(file -> file.toString().endsWith(".gguf")).limit(2).toList();
      return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
    }
  }

  /** Returns the bytes of a file. */
  static byte[] readBytes(Path file) throws IOException {
    try {
      return JsonReader.readBytes(file);
    } catch (JsonFormatException e) {
      throw new TokenizerFormatException(file + ": " + e.getMessage());
    }
  }

  /** Tells the format by the bytes: the same name is used for several. */
  private static Vocabulary vocabulary(Path file, byte[] bytes, TokenizerConfig config)
      throws TokenizerFormatException {
    if (SentencePieceModel.isModel(bytes)) {
      return SentencePieceModel.read(file, bytes, config.addedTokens());
    }
    if (TiktokenRanks.isRanks(bytes)) {
      return TiktokenRanks.readLlama3(file, bytes);
    }
    return TokenizerJson.read(file, bytes);
  }

  private static Vocabulary configured(Vocabulary vocabulary, TokenizerConfig config)
      throws TokenizerFormatException {
    OptionalInt configuredBos = resolve(vocabulary, config.bosToken());
    OptionalInt bosId = configuredBos.isPresent() ? configuredBos : vocabulary.bosId();
    OptionalInt configuredEos = resolve(vocabulary, config.eosToken());
    return new Vocabulary(
        vocabulary.model(),
        vocabulary.added(),
        bosId,
        bosId.isPresent() && config.addsBos().orElse(vocabulary.addsBos()),
        configuredEos.isPresent() ? configuredEos : vocabulary.eosId(),
        vocabulary.unknownId(),
        config.chatTemplate());
  }

  private static OptionalInt resolve(Vocabulary vocabulary, Optional<TokenName> token)
      throws TokenizerFormatException {
    if (token.isEmpty()) {
      return OptionalInt.empty();
    }
    OptionalInt id = vocabulary.idOf(token.get().name());
    if (id.isEmpty()) {
      throw new TokenizerFormatException(
          token.get().where()
              + ": expected a token of the vocabulary, found "
              + JsonStream.excerpt(token.get().name()));
    }
    return id;
  }
}
