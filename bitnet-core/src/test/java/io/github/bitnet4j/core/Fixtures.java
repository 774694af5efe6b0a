package io.github.bitnet4j.core;

import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Where the test data is, and short ways into its JSON. */
public final class Fixtures {
  /** The model in {@code bitnet-examples}; the working directory of tests is the module. */
  public static final Path DEMO_MODEL = Path.of("../bitnet-examples/demo-model");

  private static final Path RESOURCES = Path.of("src/test/resources");

  private Fixtures() {}

  /** Returns a file or folder of the test resources. */
  public static Path path(String name) {
    return RESOURCES.resolve(name);
  }

  /** Returns a golden model's directory. */
  public static Path goldenModel(String folder) {
    return path("golden/" + folder + "/hf");
  }

  /** Reads a JSON file of the test resources. */
  public static JsonObject json(String name) throws IOException {
    return (JsonObject) JsonReader.read(path(name));
  }

  /** Returns the cases of a file under {@code golden/unit}. */
  public static List<JsonObject> unitCases(String name) throws IOException {
    return objects(json("golden/unit/" + name).get("cases"));
  }

  /** Returns the objects of an array. */
  public static List<JsonObject> objects(JsonValue array) {
    return elements(array).stream().map(JsonObject.class::cast).toList();
  }

  /** Returns the elements of an array. */
  public static List<JsonValue> elements(JsonValue array) {
    return ((JsonArray) array).elements();
  }

  /** Returns a number. */
  public static double number(JsonValue value) {
    return ((JsonNumber) value).value().doubleValue();
  }

  /** Returns a number as an int. */
  public static int integer(JsonValue value) {
    return ((JsonNumber) value).value().intValueExact();
  }

  /** Returns a text. */
  public static String string(JsonValue value) {
    return ((JsonString) value).value();
  }

  /** Returns a truth value. */
  public static boolean bool(JsonValue value) {
    return ((JsonBoolean) value).value();
  }

  /** Returns an array of ints. */
  public static int[] ints(JsonValue array) {
    return elements(array).stream().mapToInt(Fixtures::integer).toArray();
  }

  /** Returns an array of doubles. */
  public static double[] doubles(JsonValue array) {
    return elements(array).stream().mapToDouble(Fixtures::number).toArray();
  }

  /** Returns an array of floats, narrowed from doubles. */
  public static float[] floats(JsonValue array) {
    double[] doubles = doubles(array);
    float[] floats = new float[doubles.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) doubles[i];
    }
    return floats;
  }

  /** Returns token ids that are the same on every JVM. */
  public static int[] randomIds(long seed, int count, int vocabSize) {
    Random random = new Random(seed);
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = random.nextInt(vocabSize);
    }
    return ids;
  }

  /** Returns the index of the largest element of a row of a matrix, the lowest one of equals. */
  public static int argmax(float[] matrix, int row, int columns) {
    int best = 0;
    for (int i = 1; i < columns; i++) {
      if (matrix[row * columns + i] > matrix[row * columns + best]) {
        best = i;
      }
    }
    return best;
  }
}
