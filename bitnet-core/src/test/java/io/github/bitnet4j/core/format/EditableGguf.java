package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.format.GgufFile.GgufTensor;
import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.core.format.GgufValue.BoolValue;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A small GGUF file in memory, to be changed and written anew. It knows types by their numbers, so
 * that files can be written that no writer of the library would write.
 */
final class EditableGguf {
  private static final int ALIGNMENT = 32;

  /**
   * A tensor.
   *
   * @param type number of its type
   * @param dimensions row length first
   */
  record Content(int type, List<Long> dimensions, byte[] data) {}

  final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  final Map<String, Content> tensors = new LinkedHashMap<>();

  /** Reads a file. */
  static EditableGguf read(Path file) throws IOException {
    EditableGguf copy = new EditableGguf();
    try (Arena arena = Arena.ofConfined()) {
      GgufFile opened = GgufFile.open(file, arena, false);
      for (Map.Entry<String, GgufValue> entry : opened.metadata().entrySet()) {
        copy.metadata.put(entry.getKey(), onHeap(entry.getValue()));
      }
      for (GgufTensor t : opened.tensors().values()) {
        byte[] data = t.data().toArray(ValueLayout.JAVA_BYTE);
        copy.tensors.put(t.name(), new Content(t.type().id(), t.dimensions(), data));
      }
    }
    return copy;
  }

  private static GgufValue onHeap(GgufValue value) {
    return value instanceof ArrayValue(int type, int count, MemorySegment data)
        ? new ArrayValue(type, count, MemorySegment.ofArray(data.toArray(ValueLayout.JAVA_BYTE)))
        : value;
  }

  /** Puts a tensor with one row of F32 values. */
  void putFloats(String name, float... values) {
    tensors.put(name, new Content(0, List.of((long) values.length), littleEndian(values)));
  }

  static byte[] littleEndian(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  /** Writes version 3, whole numbers as i64 and floats as f64. */
  Path write(Path file) throws IOException {
    Files.write(file, bytes());
    return file;
  }

  byte[] bytes() {
    byte[] header = header(0);
    byte[] data = data();
    return ByteBuffer.allocate(header.length + data.length).put(header).put(data).array();
  }

  /**
   * Returns all that stands before the data.
   *
   * @param gap size of a tensor that nobody needs, before all others; 0 for none
   */
  byte[] header(long gap) {
    ByteBuffer out = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    out.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3);
    out.putLong(tensors.size() + (gap > 0 ? 1 : 0)).putLong(metadata.size());
    metadata.forEach(
        (key, value) -> {
          putString(out, key);
          putValue(out, value);
        });
    if (gap > 0) {
      putTensor(out, "unused", new Content(GgufType.I8.id(), List.of(gap), new byte[0]), 0);
    }
    long offset = gap;
    for (Map.Entry<String, Content> entry : tensors.entrySet()) {
      putTensor(out, entry.getKey(), entry.getValue(), offset);
      offset += aligned(entry.getValue().data.length);
    }
    return Arrays.copyOf(out.array(), aligned(out.position()));
  }

  /** Returns the data of all tensors. */
  byte[] data() {
    int bytes = tensors.values().stream().mapToInt(t -> aligned(t.data.length)).sum();
    ByteBuffer out = ByteBuffer.allocate(bytes);
    for (Content tensor : tensors.values()) {
      out.put(tensor.data).position(aligned(out.position()));
    }
    return out.array();
  }

  private static void putTensor(ByteBuffer out, String name, Content tensor, long offset) {
    putString(out, name);
    out.putInt(tensor.dimensions.size());
    tensor.dimensions.forEach(out::putLong);
    out.putInt(tensor.type).putLong(offset);
  }

  private static int aligned(int bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static void putString(ByteBuffer out, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.putLong(utf8.length).put(utf8);
  }

  private static void putValue(ByteBuffer out, GgufValue value) {
    switch (value) {
      case IntValue(long number) -> out.putInt(11).putLong(number);
      case FloatValue(double number) -> out.putInt(12).putDouble(number);
      case BoolValue(boolean on) -> out.putInt(7).put((byte) (on ? 1 : 0));
      case StringValue(String text) -> putString(out.putInt(8), text);
      case ArrayValue(int type, int count, MemorySegment data) ->
          out.putInt(9).putInt(type).putLong(count).put(data.toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
