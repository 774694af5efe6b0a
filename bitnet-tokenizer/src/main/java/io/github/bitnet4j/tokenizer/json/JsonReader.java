package io.github.bitnet4j.tokenizer.json;

import java.io.IOException;
import java.nio.file.Path;

/** Reads a whole JSON file into a {@link JsonValue}. */
public final class JsonReader {
  private JsonReader() {}

  /**
   * Reads one JSON document.
   *
   * @throws JsonFormatException if the file is no JSON, has a duplicate key, or is nested too
   *     deeply
   */
  public static JsonValue read(Path file) throws IOException {
    throw new UnsupportedOperationException();
  }
}
