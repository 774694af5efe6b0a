package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.format.SafetensorsWriter.Entry;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Model directories for tests: those of the repository, edited copies, and synthetic ones. */
public final class SampleModels {
  /** The model of the examples, with a tokenizer: 384 tokens of context, 2048 tokens. */
  public static final Path DEMO = Path.of("..", "bitnet-examples", "demo-model");

  /** A tiny model without a tokenizer: 128 tokens of context, 296 tokens. */
  public static final Path TIED = golden("b158-tied");

  private static final String WEIGHTS = "model.safetensors";
  private static final String CONFIG = "config.json";

  private SampleModels() {}

  /** Returns the model directory of a golden fixture. */
  public static Path golden(String name) {
    return resource("golden").resolve(name).resolve("hf");
  }

  /** Returns a test resource as a file. */
  public static Path resource(String name) {
    return Path.of("src", "test", "resources", name);
  }

  /** Copies a model directory (its files, without folders) and returns the copy. */
  public static Path copy(Path model, Path target) throws IOException {
    Files.createDirectories(target);
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName().toString()));
      }
    }
    return target;
  }

  /** Sets a top-level key of a JSON file of the directory to a value written as JSON. */
  public static void setJson(Path directory, String file, String key, String json)
      throws IOException {
    edit(directory.resolve(file), members -> members.put(key, parse(json)));
  }

  /** Sets a key of {@code config.json}; {@code quantization_config.x} is the key x in there. */
  public static void setConfig(Path directory, String key, String json) throws IOException {
    edit(directory.resolve(CONFIG), members -> inner(members, key).put(last(key), parse(json)));
  }

  /** Removes a key of {@code config.json}. */
  public static void removeConfig(Path directory, String key) throws IOException {
    edit(directory.resolve(CONFIG), members -> inner(members, key).remove(last(key)));
  }

  private static Map<String, JsonValue> inner(Map<String, JsonValue> members, String key) {
    if (!key.contains(".")) {
      return members;
    }
    String outer = key.substring(0, key.indexOf('.'));
    Map<String, JsonValue> copy = new LinkedHashMap<>();
    if (members.get(outer) instanceof JsonObject object) {
      copy.putAll(object.members());
    }
    members.put(outer, new JsonObject(copy));
    return copy;
  }

  private static String last(String key) {
    return key.substring(key.indexOf('.') + 1);
  }

  private static JsonValue parse(String json) {
    try {
      return JsonReader.read(json);
    } catch (IOException e) {
      throw new IllegalArgumentException(json, e);
    }
  }

  private static void edit(Path file, Consumer<Map<String, JsonValue>> change) throws IOException {
    Map<String, JsonValue> members =
        new LinkedHashMap<>(((JsonObject) JsonReader.read(file)).members());
    change.accept(members);
    Files.writeString(file, toJson(new JsonObject(members)));
  }

  /** Writes a JSON value as text. */
  public static String toJson(JsonValue value) {
    return switch (value) {
      case JsonObject object ->
          object.members().entrySet().stream()
              .map(e -> quote(e.getKey()) + ": " + toJson(e.getValue()))
              .collect(Collectors.joining(", ", "{", "}"));
      case JsonArray array ->
          array.elements().stream()
              .map(SampleModels::toJson)
              .collect(Collectors.joining(", ", "[", "]"));
      case JsonString string -> quote(string.value());
      case JsonNumber number -> number.value().toString();
      case JsonBoolean bool -> String.valueOf(bool.value());
      case JsonNull _ -> "null";
    };
  }

  /** Writes a string as JSON. */
  public static String quote(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c < ' ' || c == '"' || c == '\\' || c > '~') {
        json.append("\\u%04x".formatted((int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }

  /** Rewrites the weights of a directory with changed tensors. */
  public static void editWeights(Path directory, Consumer<Map<String, Entry>> change)
      throws IOException {
    Path file = directory.resolve(WEIGHTS);
    Map<String, Entry> entries = new LinkedHashMap<>();
    try (Arena arena = Arena.ofConfined()) {
      for (Tensor t : SafetensorsFile.open(file, arena).tensors().values()) {
        byte[] data = t.data().toArray(ValueLayout.JAVA_BYTE);
        entries.put(t.name(), entry(t.name(), t.dtype(), t.shape(), data));
      }
    }
    change.accept(entries);
    SafetensorsWriter.write(file, new ArrayList<>(entries.values()));
  }

  /** Changes the bytes of one tensor of a directory's weights. */
  public static void editTensor(Path directory, String name, Consumer<byte[]> change)
      throws IOException {
    editWeights(
        directory,
        entries -> {
          Entry old = entries.get(name);
          byte[] data = old.data().toArray(ValueLayout.JAVA_BYTE);
          change.accept(data);
          entries.put(name, entry(name, old.dtype(), old.shape(), data));
        });
  }

  /** Creates a tensor to be written. */
  public static Entry entry(String name, DType dtype, List<Long> shape, byte[] data) {
    return new Entry(name, dtype, shape, MemorySegment.ofArray(data));
  }

  /** Returns values as little-endian BF16. */
  public static byte[] bf16(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
    }
    return bytes.array();
  }

  /** The sizes of a synthetic model. */
  public record Sizes(
      int hidden, int intermediate, int layers, int heads, int kvHeads, int vocab, int context) {}

  /** Writes a model of random weights, without a tokenizer. */
  public static Path synthetic(Path directory, Sizes s, long seed) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(
        directory.resolve(CONFIG),
        """
        {"architectures": ["BitNetForCausalLM"], "hidden_size": %d, "intermediate_size": %d,
         "num_hidden_layers": %d, "num_attention_heads": %d, "num_key_value_heads": %d,
         "vocab_size": %d, "max_position_embeddings": %d, "tie_word_embeddings": true,
         "quantization_config": {"quant_method": "bitnet", "linear_class": "autobitlinear"}}
        """
            .formatted(s.hidden, s.intermediate, s.layers, s.heads, s.kvHeads, s.vocab, s.context));
    Random random = new Random(seed);
    int kvWidth = s.hidden / s.heads * s.kvHeads;
    List<Entry> entries = new ArrayList<>();
    float[] embedding = new float[s.vocab * s.hidden];
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] = random.nextFloat() - 0.5f;
    }
    entries.add(
        entry(
            "model.embed_tokens.weight",
            DType.BF16,
            List.of((long) s.vocab, (long) s.hidden),
            bf16(embedding)));
    for (int layer = 0; layer < s.layers; layer++) {
      String prefix = "model.layers." + layer + ".";
      entries.add(ones(prefix + "input_layernorm.weight", s.hidden));
      addLinear(entries, prefix + "self_attn.q_proj", s.hidden, s.hidden, random);
      addLinear(entries, prefix + "self_attn.k_proj", kvWidth, s.hidden, random);
      addLinear(entries, prefix + "self_attn.v_proj", kvWidth, s.hidden, random);
      entries.add(ones(prefix + "self_attn.attn_sub_norm.weight", s.hidden));
      addLinear(entries, prefix + "self_attn.o_proj", s.hidden, s.hidden, random);
      entries.add(ones(prefix + "post_attention_layernorm.weight", s.hidden));
      addLinear(entries, prefix + "mlp.gate_proj", s.intermediate, s.hidden, random);
      addLinear(entries, prefix + "mlp.up_proj", s.intermediate, s.hidden, random);
      entries.add(ones(prefix + "mlp.ffn_sub_norm.weight", s.intermediate));
      addLinear(entries, prefix + "mlp.down_proj", s.hidden, s.intermediate, random);
    }
    entries.add(ones("model.norm.weight", s.hidden));
    SafetensorsWriter.write(directory.resolve(WEIGHTS), entries);
    return directory;
  }

  private static Entry ones(String name, int width) {
    float[] values = new float[width];
    Arrays.fill(values, 1);
    return entry(name, DType.BF16, List.of((long) width), bf16(values));
  }

  private static void addLinear(
      List<Entry> entries, String name, int rows, int columns, Random random) {
    byte[] packed = new byte[rows / 4 * columns];
    random.nextBytes(packed);
    for (int i = 0; i < packed.length; i++) {
      int codes = packed[i];
      packed[i] = (byte) (codes & ~(codes & codes >>> 1 & 0x55)); // code 3 becomes 2
    }
    entries.add(entry(name + ".weight", DType.U8, List.of(rows / 4L, (long) columns), packed));
    entries.add(entry(name + ".weight_scale", DType.BF16, List.of(1L), bf16(1.5f)));
  }
}
