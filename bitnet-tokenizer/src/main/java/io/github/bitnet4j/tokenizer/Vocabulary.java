package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the files of a tokenizer say, whatever their format.
 *
 * @param added the added tokens by name
 * @param addsBos whether the model expects the beginning-of-sequence id before a prompt
 * @param chatTemplate the source of the chat template
 */
record Vocabulary(
    BpeModel model,
    Map<String, AddedToken> added,
    OptionalInt bosId,
    boolean addsBos,
    OptionalInt eosId,
    OptionalInt unknownId,
    Optional<String> chatTemplate) {

  /** Returns the id of a token by its text, see {@link Tokenizer#idOf}. */
  OptionalInt idOf(String token) {
    AddedToken addedToken = added.get(token);
    if (addedToken != null) {
      return OptionalInt.of(addedToken.id());
    }
    byte[] utf8 = token.getBytes(StandardCharsets.UTF_8);
    int id = model.tokens().find(utf8, utf8.length);
    if (id < 0 && utf8.length == 1) {
      id = model.byteIds()[utf8[0] & 0xFF];
    }
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
