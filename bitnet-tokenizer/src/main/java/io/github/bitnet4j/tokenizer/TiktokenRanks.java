package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reader of tiktoken's rank files: a line for each token, its bytes in Base64, a space and its
 * rank, which is also its id. Merges follow from them: two neighbours merge if together they are a
 * token, those of the lowest rank first. Splitter and special tokens are not in the file.
 */
final class TiktokenRanks {
  /** The number of ranks of Llama 3, whose special tokens are known. */
  private static final int LLAMA3_RANKS = 128_000;

  private static final int LLAMA3_SPECIALS = 256;

  private TiktokenRanks() {}

  /** Returns whether these may be the bytes of such a file: it begins with Base64 and a space. */
  static boolean isRanks(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && isBase64(bytes[length])) {
      length++;
    }
    return length > 0 && length < bytes.length && bytes[length] == ' ';
  }

  private static boolean isBase64(byte b) {
    return (b >= 'A' && b <= 'Z')
        || (b >= 'a' && b <= 'z')
        || (b >= '0' && b <= '9')
        || b == '+'
        || b == '/'
        || b == '=';
  }

  /** Understands the bytes of Llama 3's file. */
  static Vocabulary readLlama3(Path file, byte[] bytes) throws TokenizerFormatException {
    Map<String, Integer> specials = llama3Specials();
    return read(file, bytes, PreTokenizer.LLAMA3, specials, LLAMA3_RANKS);
  }

  /** Understands the bytes of a file. */
  static Vocabulary read(
      Path file, byte[] bytes, PreTokenizer preTokenizer, Map<String, Integer> specials)
      throws TokenizerFormatException {
    return read(file, bytes, preTokenizer, specials, 0);
  }

  private static Vocabulary read(
      Path file,
      byte[] bytes,
      PreTokenizer preTokenizer,
      Map<String, Integer> specials,
      int expectedRanks)
      throws TokenizerFormatException {
    var builder = new VocabularyBuilder(BpeKind.BYTE_LEVEL);
    int line = 0;
    try {
      for (int from = 0; from < bytes.length; ) {
        int to = from;
        while (to < bytes.length && bytes[to] != '\n') {
          to++;
        }
        line++;
        if (to > from) {
          readLine(builder, new String(bytes, from, to - from, StandardCharsets.ISO_8859_1));
        }
        from = to + 1;
      }
    } catch (VocabularyException e) {
      throw new TokenizerFormatException(file + ": line " + line + ": " + e.fault());
    }
    try {
      int size = builder.tokens().size();
      if (expectedRanks != 0 && size != expectedRanks) {
        throw new VocabularyException(
            "expected the "
                + expectedRanks
                + " ranks of Llama 3, found "
                + size
                + "; for other files name splitter and special tokens");
      }
      builder.mergeByRanks();
      for (Map.Entry<String, Integer> special : specials.entrySet()) {
        int id = special.getValue();
        if (id < 0 || id > TokenTable.MAX_ID) {
          throw new VocabularyException(
              JsonStream.excerpt(special.getKey())
                  + ": expected an id from 0 to "
                  + TokenTable.MAX_ID
                  + ", found "
                  + id);
        }
        builder.addedToken(new AddedToken(id, special.getKey(), true, false, false, false, false));
      }
      OptionalInt bosId = builder.idOf("<|begin_of_text|>");
      return new Vocabulary(
          builder.model(preTokenizer, SpaceRules.NONE, /* ignoreMerges= */ true),
          Map.copyOf(builder.added()),
          bosId,
          bosId.isPresent(),
          builder.idOf("<|end_of_text|>"),
          OptionalInt.empty(),
          Optional.empty());
    } catch (VocabularyException e) {
      throw new TokenizerFormatException(file + ": " + e.fault());
    }
  }

  private static void readLine(VocabularyBuilder builder, String line) throws VocabularyException {
    int space = line.indexOf(' ');
    int end = line.endsWith("\r") ? line.length() - 1 : line.length();
    byte[] token = null;
    int rank = -1;
    if (space > 0 && end - space - 1 <= 9) {
      try {
        token = Base64.getDecoder().decode(line.substring(0, space));
        rank = Integer.parseInt(line, space + 1, end, 10);
      } catch (IllegalArgumentException e) {
        token = null;
      }
    }
    if (token == null || token.length == 0 || rank < 0 || rank > TokenTable.MAX_ID) {
      throw new VocabularyException(
          "expected a token in Base64, a space and a rank from 0 to "
              + TokenTable.MAX_ID
              + ", found "
              + JsonStream.excerpt(line));
    }
    builder.token(token, rank);
  }

  /** Returns the special tokens of Llama 3, which its files name in no other place. */
  private static Map<String, Integer> llama3Specials() {
    Map<String, Integer> specials = new LinkedHashMap<>();
    int id = LLAMA3_RANKS;
    specials.put("<|begin_of_text|>", id++);
    specials.put("<|end_of_text|>", id++);
    int reserved = 0;
    while (reserved < 4) {
      specials.put("<|reserved_special_token_" + reserved++ + "|>", id++);
    }
    specials.put("<|start_header_id|>", id++);
    specials.put("<|end_header_id|>", id++);
    specials.put("<|reserved_special_token_" + reserved++ + "|>", id++);
    specials.put("<|eot_id|>", id++);
    while (specials.size() < LLAMA3_SPECIALS) {
      specials.put("<|reserved_special_token_" + reserved++ + "|>", id++);
    }
    return specials;
  }
}
