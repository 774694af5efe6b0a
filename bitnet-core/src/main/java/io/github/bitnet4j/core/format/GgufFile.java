package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.core.format.GgufValue.BoolValue;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF file of version 2 or 3, mapped: metadata, descriptions of the tensors, their data.
 *
 * <p>The file is untrusted. Every count and length is checked against the bytes that are left
 * before anything is allocated by it; large arrays stay in the file.
 *
 * <p>Source: {@code docs/gguf.md} of ggml.
 */
public final class GgufFile {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The value type of texts. */
  public static final int TYPE_STRING = 8;

  private static final int TYPE_ARRAY = 9;

  private static final int DEFAULT_ALIGNMENT = 32;
  private static final int MAX_DIMENSIONS = 4;

  // Far above any model, and few enough to fit a small heap.
  private static final int MAX_ENTRIES = 100_000;
  private static final int MAX_NAME_BYTES = 1 << 16;
  private static final int MAX_STRING_BYTES = 1 << 26;
  private static final int MAX_ARRAY_DEPTH = 4;

  /** Names and values that are kept, together: few enough to fit a small heap. */
  private static final int MAX_KEPT_BYTES = 1 << 25;

  /**
   * A tensor of a GGUF file.
   *
   * @param rowLength elements of a row: the first dimension
   * @param rows number of rows: the product of the other dimensions
   * @param fileOffset where its data starts in the file, in bytes
   */
  public record GgufTensor(
      Path file,
      String name,
      GgufType type,
      List<Long> dimensions,
      long rowLength,
      long rows,
      long fileOffset,
      MemorySegment data) {
    /** Returns an exception about this tensor, to be thrown. */
    public ModelFormatException problem(String problem) {
      return new ModelFormatException(
          file, "tensor %s at byte %d: %s".formatted(name, fileOffset, problem));
    }
  }

  private final Path path;
  private final MemorySegment file;
  private int version;
  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final Map<String, GgufTensor> tensors = new LinkedHashMap<>();
  private long at;
  private long keptBytes;

  private GgufFile(Path path, MemorySegment file) {
    this.path = path;
    this.file = file;
  }

  /**
   * Opens and checks a file.
   *
   * @param arena owns its memory
   * @param copy whether to copy the file instead of mapping it
   * @throws ModelFormatException if it breaks a rule of the format
   */
  public static GgufFile open(Path path, Arena arena, boolean copy) throws IOException {
    return open(path, new FileMemory(arena, copy));
  }

  static GgufFile open(Path path, FileMemory memory) throws IOException {
    GgufFile file = new GgufFile(path, memory.open(path));
    file.read();
    return file;
  }

  /** Returns where it is. */
  public Path path() {
    return path;
  }

  /** Returns the version of the format, 2 or 3. */
  public int version() {
    return version;
  }

  /** Returns the size of the file. */
  public long fileBytes() {
    return file.byteSize();
  }

  /** Returns the metadata, in file order. */
  public Map<String, GgufValue> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** Returns the tensors by name, in file order. */
  public Map<String, GgufTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  private void read() throws ModelFormatException {
    if (file.byteSize() < 4 || u32("magic") != 0x46554747L) { // "GGUF"
      throw new ModelFormatException(path, "byte 0: expected the magic GGUF, found something else");
    }
    long version = u32("version");
    if (version != 2 && version != 3) {
      throw problem(
          4,
          "expected version 2 or 3, found "
              + (Integer.reverseBytes((int) version) == 3 ? "a big-endian file" : version));
    }
    this.version = (int) version;
    long tensorCount = count("tensor count", 24, MAX_ENTRIES);
    long entryCount = count("metadata count", 13, MAX_ENTRIES);
    for (long i = 0; i < entryCount; i++) {
      readEntry();
    }
    readTensors(tensorCount);
  }

  private void readEntry() throws ModelFormatException {
    long start = at;
    String key = string("metadata key", MAX_NAME_BYTES);
    int type = (int) u32("value type of " + key);
    GgufValue value = readValue(key, type);
    if (metadata.put(key, value) != null) {
      throw problem(start, "expected each metadata key once, found a second " + key);
    }
  }

  private GgufValue readValue(String key, int type) throws ModelFormatException {
    long start = at;
    return switch (type) {
      case 0 -> new IntValue(file.get(ValueLayout.JAVA_BYTE, take(key, 1)) & 0xFF);
      case 1 -> new IntValue(file.get(ValueLayout.JAVA_BYTE, take(key, 1)));
      case 2 -> new IntValue(file.get(SHORT, take(key, 2)) & 0xFFFF);
      case 3 -> new IntValue(file.get(SHORT, take(key, 2)));
      case 4 -> new IntValue(file.get(INT, take(key, 4)) & 0xFFFF_FFFFL);
      case 5 -> new IntValue(file.get(INT, take(key, 4)));
      case 6 -> new FloatValue(Float.intBitsToFloat(file.get(INT, take(key, 4))));
      case 7 -> {
        int value = file.get(ValueLayout.JAVA_BYTE, take(key, 1));
        if (value != 0 && value != 1) {
          throw problem(start, key + ": expected 0 or 1 as a bool, found " + value);
        }
        yield new BoolValue(value == 1);
      }
      case TYPE_STRING -> new StringValue(string(key, MAX_STRING_BYTES));
      case TYPE_ARRAY -> readArray(key, 1);
      case 10, 11 -> new IntValue(file.get(LONG, take(key, 8)));
      case 12 -> new FloatValue(Double.longBitsToDouble(file.get(LONG, take(key, 8))));
      default ->
          throw problem(start - 4, key + ": expected a value type from 0 to 12, found " + type);
    };
  }

  /** Reads over an array: fixed-size elements at once, strings and arrays one by one. */
  private ArrayValue readArray(String key, int depth) throws ModelFormatException {
    long start = at;
    if (depth > MAX_ARRAY_DEPTH) {
      throw problem(
          start,
          key
              + ": expected arrays nested at most "
              + MAX_ARRAY_DEPTH
              + " deep, found a deeper one");
    }
    int elementType = (int) u32(key);
    int elementBytes =
        switch (elementType) {
          case 0, 1, 7 -> 1;
          case 2, 3 -> 2;
          case 4, 5, 6 -> 4;
          case 10, 11, 12 -> 8;
          case TYPE_STRING -> 8; // at least
          case TYPE_ARRAY -> 12; // at least
          default ->
              throw problem(
                  start, key + ": expected an element type from 0 to 12, found " + elementType);
        };
    long count = count(key, elementBytes, Integer.MAX_VALUE - 8);
    long first = at;
    switch (elementType) {
      case TYPE_STRING -> {
        for (long i = 0; i < count; i++) {
          take(key, length(key, MAX_STRING_BYTES));
        }
      }
      case TYPE_ARRAY -> {
        for (long i = 0; i < count; i++) {
          readArray(key, depth + 1);
        }
      }
      default -> take(key, count * elementBytes);
    }
    return new ArrayValue(elementType, (int) count, file.asSlice(first, at - first));
  }

  private void readTensors(long tensorCount) throws ModelFormatException {
    record Described(
        String name, GgufType type, List<Long> dimensions, long elements, long offset) {}
    List<Described> described = new ArrayList<>();
    for (long i = 0; i < tensorCount; i++) {
      long start = at;
      String name = string("tensor name", MAX_NAME_BYTES);
      long dimensionCount = u32(name);
      if (dimensionCount < 1 || dimensionCount > MAX_DIMENSIONS) {
        throw problem(
            start,
            "tensor %s: expected 1 to 4 dimensions, found %d".formatted(name, dimensionCount));
      }
      List<Long> dimensions = new ArrayList<>();
      long elements = 1;
      for (int d = 0; d < dimensionCount; d++) {
        long dimension = file.get(LONG, take(name, 8));
        dimensions.add(dimension);
        if (dimension < 1
            || Math.multiplyHigh(elements, dimension) != 0
            || elements * dimension < 0) {
          throw problem(
              start,
              "tensor %s: expected dimensions with a product below 2^63, found %s"
                  .formatted(name, dimensions));
        }
        elements *= dimension;
      }
      long typeId = u32(name);
      Optional<GgufType> type = GgufType.of(typeId);
      if (type.isEmpty()) {
        throw problem(
            start,
            "tensor %s: expected a supported tensor type, found %s"
                .formatted(name, GgufType.explainUnknown(typeId)));
      }
      long offset = file.get(LONG, take(name, 8));
      described.add(new Described(name, type.get(), dimensions, elements, offset));
    }

    long alignment = alignment();
    long dataStart = (at + alignment - 1) / alignment * alignment;
    for (Described d : described) {
      long rowLength = d.dimensions.getFirst();
      long bytes;
      try {
        bytes = d.type.byteSize(rowLength, d.elements / rowLength);
      } catch (ArithmeticException e) {
        throw new ModelFormatException(
            path,
            "tensor %s: expected dimensions of a real tensor, found %s, whose product overflows"
                .formatted(d.name, d.dimensions),
            e);
      }
      if (!d.type.fits(rowLength, d.elements)) {
        throw new ModelFormatException(
            path,
            "tensor %s: expected whole blocks of %d weights for %s, found dimensions %s"
                .formatted(d.name, d.type.blockSize(), d.type, d.dimensions));
      }
      if (d.offset < 0 || d.offset % alignment != 0) {
        throw new ModelFormatException(
            path,
            "tensor %s: expected an offset that is a multiple of %d, found %s"
                .formatted(d.name, alignment, Long.toUnsignedString(d.offset)));
      }
      if (d.offset > file.byteSize() - dataStart
          || bytes > file.byteSize() - dataStart - d.offset) {
        throw new ModelFormatException(
            path,
            "tensor %s: expected %d bytes at offset %d of the data, found a file of %d bytes; it looks truncated, download it again"
                .formatted(d.name, bytes, d.offset, file.byteSize()));
      }
      GgufTensor tensor =
          new GgufTensor(
              path,
              d.name,
              d.type,
              List.copyOf(d.dimensions),
              rowLength,
              d.elements / rowLength,
              dataStart + d.offset,
              file.asSlice(dataStart + d.offset, bytes));
      if (tensors.put(d.name, tensor) != null) {
        throw new ModelFormatException(path, "expected each tensor once, found a second " + d.name);
      }
    }
    checkOverlap();
  }

  private long alignment() throws ModelFormatException {
    GgufValue value = metadata.get("general.alignment");
    if (value == null) {
      return DEFAULT_ALIGNMENT;
    }
    if (value instanceof IntValue(long alignment)
        && alignment >= 8
        && alignment <= 1 << 20
        && Long.bitCount(alignment) == 1) {
      return alignment;
    }
    throw new ModelFormatException(
        path, "general.alignment: expected a power of two from 8 to 1048576, found " + value);
  }

  private void checkOverlap() throws ModelFormatException {
    List<GgufTensor> inOrder = new ArrayList<>(tensors.values());
    inOrder.sort(Comparator.comparingLong(GgufTensor::fileOffset));
    for (int i = 1; i < inOrder.size(); i++) {
      GgufTensor before = inOrder.get(i - 1);
      GgufTensor tensor = inOrder.get(i);
      long end = before.fileOffset() + before.data().byteSize();
      if (end > tensor.fileOffset()) {
        throw tensor.problem(
            "expected it behind %s, which ends at byte %d, found them overlapping"
                .formatted(before.name(), end));
      }
    }
  }

  // ---- Reading at the current position

  private long take(String what, long bytes) throws ModelFormatException {
    if (bytes > file.byteSize() - at) {
      throw problem(
          at,
          "%s: expected %d more bytes, found %d; the file looks truncated, download it again"
              .formatted(what, bytes, file.byteSize() - at));
    }
    long start = at;
    at += bytes;
    return start;
  }

  private long u32(String what) throws ModelFormatException {
    return file.get(INT, take(what, 4)) & 0xFFFF_FFFFL;
  }

  /** Reads a count of things that take at least some bytes each. */
  private long count(String what, int leastBytes, int cap) throws ModelFormatException {
    long start = at;
    long count = file.get(LONG, take(what, 8));
    long most = Math.min(cap, (file.byteSize() - at) / leastBytes);
    if (count < 0 || count > most) {
      throw problem(
          start,
          "%s: expected at most %d, found %s; the file is damaged or truncated"
              .formatted(what, most, Long.toUnsignedString(count)));
    }
    return count;
  }

  private long length(String what, int most) throws ModelFormatException {
    long start = at;
    long length = file.get(LONG, take(what, 8));
    if (length < 0 || length > Math.min(most, file.byteSize() - at)) {
      throw problem(
          start,
          "%s: expected a string of at most %d bytes, found %s; the file is damaged or truncated"
              .formatted(
                  what, Math.min(most, file.byteSize() - at), Long.toUnsignedString(length)));
    }
    return length;
  }

  private String string(String what, int most) throws ModelFormatException {
    long start = at;
    long length = length(what, most);
    keptBytes += length;
    if (keptBytes > MAX_KEPT_BYTES) {
      throw problem(
          start,
          "%s: expected names and values of at most %d bytes together, found more"
              .formatted(what, MAX_KEPT_BYTES));
    }
    byte[] bytes = file.asSlice(take(what, length), length).toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private ModelFormatException problem(long offset, String problem) {
    return new ModelFormatException(path, "byte " + offset + ": " + problem);
  }
}
