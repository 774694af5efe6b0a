package io.github.bitnet4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;

/** Commands that read one JSON object a line and write one for each. */
final class JsonLines {
  /** Output is pure ASCII, so that no encoding can damage it. */
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private JsonLines() {}

  /** Reads the value of the wanted key; the parser stands at its first token. */
  @FunctionalInterface
  interface Reader<T> {
    T read(JsonParser json) throws IOException;
  }

  /** Writes what belongs to a value. */
  @FunctionalInterface
  interface Writer<T> {
    void write(JsonGenerator json, T value) throws IOException;
  }

  /** Answers every line of the input; other keys than the wanted one are ignored. */
  static <T> void answer(Terminal terminal, String key, Reader<T> reader, Writer<T> writer)
      throws IOException {
    int number = 0;
    for (String line = terminal.in().readLine(); line != null; line = terminal.in().readLine()) {
      number++;
      if (number == 1 && line.startsWith("\uFEFF")) {
        line = line.substring(1); // a byte order mark
      }
      if (line.isBlank()) {
        continue;
      }
      StringWriter answer = new StringWriter();
      try (JsonParser input = JSON.createParser(line);
          JsonGenerator output = JSON.createGenerator(answer)) {
        output.writeStartObject();
        writer.write(output, find(input, key, reader));
        output.writeEndObject();
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException(
            "line " + number + ": expected a JSON object, found a fault: " + e.getOriginalMessage(),
            e);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
      }
      terminal.print(answer + "\n");
    }
  }

  private static <T> T find(JsonParser input, String key, Reader<T> reader) throws IOException {
    if (input.nextToken() == JsonToken.START_OBJECT) {
      while (input.nextToken() == JsonToken.FIELD_NAME) {
        boolean wanted = input.currentName().equals(key);
        input.nextToken();
        if (wanted) {
          return reader.read(input);
        }
        input.skipChildren();
      }
    }
    throw new IllegalArgumentException("expected an object with the key \"" + key + "\"");
  }
}
