package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All tensors of a Hugging Face directory: of {@code model.safetensors}, or of the shards that
 * {@code model.safetensors.index.json} lists. As in transformers, the single file wins if both
 * exist.
 */
public final class TensorSet {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path directory;
  private final Map<String, Tensor> tensors;
  private final long fileBytes;

  private TensorSet(Path directory, Map<String, Tensor> tensors, long fileBytes) {
    this.directory = directory;
    this.tensors = tensors;
    this.fileBytes = fileBytes;
  }

  /**
   * Opens and checks the files.
   *
   * @param arena owns their memory
   * @param copy whether to copy the files instead of mapping them
   * @throws ModelFormatException if a file is missing or breaks a rule of its format
   */
  public static TensorSet open(Path directory, Arena arena, boolean copy) throws IOException {
    return open(directory, new FileMemory(arena, copy));
  }

  /** Returns whether a path is a directory with safetensors files. */
  public static boolean isIn(Path path) throws IOException {
    return RegularFile.attributes(path).isDirectory()
        && (RegularFile.isPresent(path.resolve(SINGLE))
            || RegularFile.isPresent(path.resolve(INDEX)));
  }

  static TensorSet open(Path directory, FileMemory memory) throws IOException {
    Path single = directory.resolve(SINGLE);
    if (RegularFile.isPresent(single)) {
      SafetensorsFile file = SafetensorsFile.open(single, memory);
      return new TensorSet(directory, file.tensors(), file.fileBytes());
    }
    Path index = directory.resolve(INDEX);
    if (RegularFile.isPresent(index)) {
      return openShards(directory, index, memory);
    }
    throw new ModelFormatException(
        directory,
        "expected %s or %s, found %s".formatted(SINGLE, INDEX, ModelPath.otherWeights(directory)));
  }

  private static TensorSet openShards(Path directory, Path index, FileMemory memory)
      throws IOException {
    Map<String, String> shardOf = new LinkedHashMap<>();
    JsonConfig weightMap = JsonConfig.read(index).object("weight_map");
    if (weightMap == null) {
      throw new ModelFormatException(index, "weight_map: expected an object, found nothing");
    }
    for (Map.Entry<String, JsonValue> entry : weightMap.members().entrySet()) {
      if (!(entry.getValue() instanceof JsonValue.JsonString(String shard))) {
        throw new ModelFormatException(
            index, "weight_map." + entry.getKey() + ": expected a file name, found no string");
      }
      shardOf.put(entry.getKey(), shard);
    }
    if (shardOf.isEmpty()) {
      throw new ModelFormatException(index, "weight_map: expected tensors, found none");
    }
    Map<String, SafetensorsFile> shards = new HashMap<>();
    long fileBytes = 0;
    for (String shard : shardOf.values()) {
      if (!shards.containsKey(shard)) {
        SafetensorsFile file = SafetensorsFile.open(shardPath(directory, index, shard), memory);
        shards.put(shard, file);
        fileBytes += file.fileBytes();
      }
    }
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, SafetensorsFile> shard : shards.entrySet()) {
      for (Tensor tensor : shard.getValue().tensors().values()) {
        if (!shard.getKey().equals(shardOf.get(tensor.name()))) {
          throw new ModelFormatException(
              index,
              "weight_map.%s: expected %s, which has this tensor, found %s"
                  .formatted(tensor.name(), shard.getKey(), shardOf.get(tensor.name())));
        }
        tensors.put(tensor.name(), tensor);
      }
    }
    for (Map.Entry<String, String> entry : shardOf.entrySet()) {
      if (!tensors.containsKey(entry.getKey())) {
        throw new ModelFormatException(
            index,
            "weight_map.%s: expected the tensor in %s, found none there; download the shards again"
                .formatted(entry.getKey(), entry.getValue()));
      }
    }
    return new TensorSet(directory, tensors, fileBytes);
  }

  /** A shard is a plain file name in the same directory: an index must not reach other files. */
  private static Path shardPath(Path directory, Path index, String shard) throws IOException {
    boolean plain =
        !shard.isEmpty()
            && !shard.equals(".")
            && !shard.equals("..")
            && shard
                .chars()
                .allMatch(c -> c >= ' ' && c < 127 && c != '/' && c != '\\' && c != ':');
    if (!plain) {
      throw new ModelFormatException(
          index, "weight_map: expected plain file names, found \"" + shard + "\"");
    }
    Path path = directory.resolve(shard);
    if (!RegularFile.isPresent(path)) {
      throw new ModelFormatException(
          index, "weight_map: expected the file " + shard + ", found none; download all shards");
    }
    return path;
  }

  Path directory() {
    return directory;
  }

  /** Returns the size of all files together. */
  public long fileBytes() {
    return fileBytes;
  }

  @Nullable Tensor find(String name) {
    return tensors.get(name);
  }

  Tensor get(String name) throws ModelFormatException {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new ModelFormatException(
          directory, "expected the tensor " + name + ", found none; the weights are incomplete");
    }
    return tensor;
  }

  /** Returns all tensors. */
  public List<Tensor> all() {
    return new ArrayList<>(tensors.values());
  }
}
