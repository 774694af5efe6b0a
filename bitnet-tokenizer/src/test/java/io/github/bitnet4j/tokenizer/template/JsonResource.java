package io.github.bitnet4j.tokenizer.template;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** JSON test data as maps, lists, strings, numbers, booleans and null. */
final class JsonResource {
  private JsonResource() {}

  static Map<String, Object> read(String name) throws IOException {
    try (InputStream in = Objects.requireNonNull(JsonResource.class.getResourceAsStream(name));
        JsonParser parser = new JsonFactory().createParser(in)) {
      parser.nextToken();
      return object(readValue(parser));
    }
  }

  static Map<String, Object> object(@Nullable Object value) {
    Map<String, Object> result = new LinkedHashMap<>();
    ((Map<?, ?>) Objects.requireNonNull(value)).forEach((k, v) -> result.put((String) k, v));
    return result;
  }

  private static @Nullable Object readValue(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          object.put(name, readValue(parser));
        }
        yield object;
      }
      case START_ARRAY -> {
        List<@Nullable Object> array = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          array.add(readValue(parser));
        }
        yield array;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }
}
