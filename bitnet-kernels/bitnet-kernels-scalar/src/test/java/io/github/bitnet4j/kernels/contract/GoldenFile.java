package io.github.bitnet4j.kernels.contract;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A JSON node of {@code src/test/resources/golden}: results of the reference implementation, made
 * outside this project.
 *
 * @param value a Map, List, Number, String or Boolean
 */
record GoldenFile(Object value) {
  static GoldenFile read(String name) {
    try (InputStream in = GoldenFile.class.getResourceAsStream("/golden/" + name);
        JsonParser parser = new JsonFactory().createParser(Objects.requireNonNull(in, name))) {
      parser.nextToken();
      return new GoldenFile(parse(parser));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Object parse(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String key = parser.currentName();
          parser.nextToken();
          map.put(key, parse(parser));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(parse(parser));
        }
        yield list;
      }
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      default -> parser.getText();
    };
  }

  Stream<GoldenFile> cases() {
    return get("cases").elements();
  }

  GoldenFile get(String key) {
    return new GoldenFile(Objects.requireNonNull(((Map<?, ?>) value).get(key), key));
  }

  Stream<GoldenFile> elements() {
    return ((List<?>) value).stream().map(GoldenFile::new);
  }

  float number() {
    return switch (value) {
      case Number n -> n.floatValue();
      case String s when s.equals("inf") -> Float.POSITIVE_INFINITY;
      case String s when s.equals("-inf") -> Float.NEGATIVE_INFINITY;
      default -> throw new IllegalStateException("not a number: " + value);
    };
  }

  int integer() {
    return (int) number();
  }

  float[] floats() {
    List<GoldenFile> list = elements().toList();
    float[] floats = new float[list.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = list.get(i).number();
    }
    return floats;
  }

  int[] ints() {
    return elements().mapToInt(GoldenFile::integer).toArray();
  }

  /** Returns the rows of a matrix one after another. */
  int[] rowsOfInts() {
    return elements().flatMapToInt(row -> Arrays.stream(row.ints())).toArray();
  }

  byte[] bytes() {
    return value instanceof String hex ? HexFormat.of().parseHex(hex) : Numbers.toBytes(ints());
  }
}
