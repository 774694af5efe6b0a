package io.github.bitnet4j.spi;

import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/** The cases of a file under golden/unit, computed by the reference code. */
record GoldenUnit(JsonObject json) {
  static List<GoldenUnit> cases(String file) {
    try (InputStream in = GoldenUnit.class.getResourceAsStream("/golden/unit/" + file)) {
      JsonObject all = (JsonObject) JsonReader.read(Objects.requireNonNull(in).readAllBytes());
      JsonArray cases = (JsonArray) all.members().get("cases");
      return cases.elements().stream().map(c -> new GoldenUnit((JsonObject) c)).toList();
    } catch (IOException e) {
      throw new AssertionError(file, e);
    }
  }

  boolean has(String key) {
    return json.members().containsKey(key);
  }

  int integer(String key) {
    return ((JsonNumber) json.members().get(key)).value().intValueExact();
  }

  String text(String key) {
    return ((JsonString) json.members().get(key)).value();
  }

  MemorySegment hex(String key) {
    return MemorySegment.ofArray(HexFormat.of().parseHex(text(key)));
  }

  float[] floats(String key) {
    List<JsonValue> elements = ((JsonArray) json.members().get(key)).elements();
    float[] values = new float[elements.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((JsonNumber) elements.get(i)).value().doubleValue();
    }
    return values;
  }
}
