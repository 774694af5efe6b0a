package io.github.bitnet4j.tokenizer.json;

import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads a whole JSON document into a {@link JsonValue}.
 *
 * <p>Strict, because the files come from strangers: UTF-8 only (a byte order mark is skipped), no
 * duplicate keys, nothing after the value, nesting up to {@link JsonStream#MAX_DEPTH}, at most
 * {@link JsonStream#MAX_TREE_VALUES} values, numbers of up to 400 characters with exponents up to
 * 400. Surrogates written as escapes are kept as they are, paired or not. The messages of {@link
 * JsonFormatException} name line and column but not the file, which the caller knows.
 */
public final class JsonReader {
  /** The longest document that is read, in bytes. */
  public static final int MAX_BYTES = 64 << 20;

  private JsonReader() {}

  /**
   * Reads one JSON document from a file.
   *
   * @throws JsonFormatException if the file is longer than {@link #MAX_BYTES}, is no JSON, has a
   *     duplicate key, or is nested too deeply
   * @throws IOException if the file cannot be read
   */
  public static JsonValue read(Path file) throws IOException {
    return read(readBytes(file));
  }

  /**
   * Reads one JSON document from its UTF-8 bytes.
   *
   * @throws JsonFormatException as for a file
   */
  public static JsonValue read(byte[] utf8) throws JsonFormatException {
    var in = new JsonStream(utf8);
    JsonValue value = in.value();
    in.endOfDocument();
    return value;
  }

  /**
   * Reads one JSON document from its text, in which a lone surrogate counts as a question mark;
   * written as an escape it is kept.
   *
   * @throws JsonFormatException as for a file
   */
  public static JsonValue read(String json) throws JsonFormatException {
    return read(json.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Returns the bytes of a file for a {@link JsonStream}.
   *
   * @throws JsonFormatException if the file is longer than {@link #MAX_BYTES}
   * @throws IOException if the file is not a regular one or cannot be read
   */
  public static byte[] readBytes(Path file) throws IOException {
    try (FileChannel channel = RegularFile.open(file)) {
      if (channel.size() > MAX_BYTES) {
        throw new JsonFormatException(
            "expected at most " + MAX_BYTES + " bytes, found " + channel.size());
      }
      return RegularFile.readAll(file, channel, (int) channel.size());
    }
  }
}
