package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.json.JsonStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads the files of a tokenizer that belong together. */
final class TokenizerFiles {
  private TokenizerFiles() {}

  /** Reads a file and what stands beside it, or the files of a folder. */
  static Vocabulary read(Path fileOrFolder) throws IOException {
    Path file =
        Files.isDirectory(fileOrFolder) ? fileOrFolder.resolve("tokenizer.json") : fileOrFolder;
    Path configFile = file.resolveSibling("tokenizer_config.json");
    return configured(TokenizerJson.read(file), TokenizerConfig.read(configFile), configFile);
  }

  private static Vocabulary configured(Vocabulary vocabulary, TokenizerConfig config, Path file)
      throws TokenizerFormatException {
    OptionalInt configuredBos = resolve(vocabulary, config.bosToken(), "bos_token", file);
    OptionalInt bosId = configuredBos.isPresent() ? configuredBos : vocabulary.bosId();
    return new Vocabulary(
        vocabulary.model(),
        vocabulary.added(),
        bosId,
        bosId.isPresent() && config.addsBos().orElse(vocabulary.addsBos()),
        resolve(vocabulary, config.eosToken(), "eos_token", file),
        vocabulary.unknownId(),
        config.chatTemplate());
  }

  private static OptionalInt resolve(
      Vocabulary vocabulary, Optional<String> name, String key, Path file)
      throws TokenizerFormatException {
    if (name.isEmpty()) {
      return OptionalInt.empty();
    }
    OptionalInt id = vocabulary.idOf(name.get());
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
}
