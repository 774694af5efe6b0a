package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A safetensors file, mapped: {@code u64 N}, N bytes of JSON that describe the tensors, their data.
 *
 * <p>The header is untrusted. Every length is checked against the bytes that are there before
 * anything is allocated by it.
 *
 * <p>Source: the format section of the safetensors README.
 */
public final class SafetensorsFile {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Reference implementations stop at 100 MB; this is far above any model and fits a small heap.
   */
  private static final long MAX_HEADER_BYTES = 1 << 25;

  /** Far above any model, and few enough to fit a small heap. */
  private static final int MAX_TENSORS = 100_000;

  private static final int MAX_DIMENSIONS = 8;

  /** Of the texts about the file, as many are kept as anybody wants to read. */
  private static final int MAX_METADATA = 100;

  private final long fileBytes;
  private final Map<String, String> metadata;
  private final Map<String, Tensor> tensors;

  private SafetensorsFile(
      long fileBytes, Map<String, String> metadata, Map<String, Tensor> tensors) {
    this.metadata = metadata;
    this.fileBytes = fileBytes;
    this.tensors = tensors;
  }

  /**
   * Opens and checks a file.
   *
   * @param arena owns the mapping
   * @throws ModelFormatException if it breaks a rule of the format
   */
  public static SafetensorsFile open(Path path, Arena arena) throws IOException {
    return open(path, new FileMemory(arena, false));
  }

  static SafetensorsFile open(Path path, FileMemory memory) throws IOException {
    MemorySegment file = memory.open(path);
    if (file.byteSize() < 8) {
      throw new ModelFormatException(
          path,
          "expected at least 8 bytes of safetensors header, found "
              + file.byteSize()
              + "; the file looks truncated, download it again");
    }
    Header header = new Header(path, file);
    Map<String, Tensor> tensors = header.read();
    return new SafetensorsFile(file.byteSize(), header.metadata, tensors);
  }

  /** Returns the size of the file. */
  public long fileBytes() {
    return fileBytes;
  }

  /** Returns the texts of {@code __metadata__}, the first hundred if there are more. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** Returns the tensors by name, in file order. */
  public Map<String, Tensor> tensors() {
    return tensors;
  }

  /** Reads the header of one file. */
  private static final class Header {
    private final Path path;
    private final MemorySegment file;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private long dataStart;
    private long dataBytes;

    Header(Path path, MemorySegment file) {
      this.path = path;
      this.file = file;
    }

    Map<String, Tensor> read() throws IOException {
      long headerBytes = file.get(LONG, 0);
      long most = Math.min(file.byteSize() - 8, MAX_HEADER_BYTES);
      if (headerBytes < 2 || headerBytes > most) {
        throw problem(
            "header length at byte 0: expected 2 to " + most,
            Long.toUnsignedString(headerBytes),
            "the file is truncated or no safetensors file");
      }
      dataStart = 8 + headerBytes;
      dataBytes = file.byteSize() - dataStart;
      byte[] header = file.asSlice(8, headerBytes).toArray(ValueLayout.JAVA_BYTE);
      if (header[0] != '{') {
        throw problem("byte 8: expected '{'", "0x%02x".formatted(header[0]), "no safetensors file");
      }
      String place = "header";
      try {
        JsonStream json = new JsonStream(header);
        Set<String> names = new HashSet<>();
        json.beginObject();
        for (String name = json.nextKey(names); name != null; name = json.nextKey(names)) {
          place = "header, entry " + JsonStream.excerpt(name);
          readEntry(json, name);
          place = "header";
        }
        json.endOfDocument();
      } catch (JsonFormatException e) {
        throw new ModelFormatException(
            path,
            place
                + ": expected the JSON of a safetensors file, found a fault: "
                + e.getMessage()
                + "; the file is damaged",
            e);
      }
      checkLayout();
      return tensors;
    }

    private void readEntry(JsonStream json, String name)
        throws JsonFormatException, ModelFormatException {
      if (name.equals("__metadata__")) {
        readMetadata(json);
        return;
      }
      if (tensors.size() == MAX_TENSORS) {
        throw problem(
            "header: expected at most " + MAX_TENSORS + " tensors", "more", "unsupported");
      }
      @Nullable DType dtype = null;
      long @Nullable [] shape = null;
      long @Nullable [] offsets = null;
      Set<String> keys = new HashSet<>();
      json.beginObject();
      for (String key = json.nextKey(keys); key != null; key = json.nextKey(keys)) {
        switch (key) {
          case "dtype" -> dtype = readDType(json, name);
          case "shape" -> shape = readLongs(json, name, "shape", MAX_DIMENSIONS);
          case "data_offsets" -> offsets = readLongs(json, name, "data_offsets", 2);
          default -> json.skip();
        }
      }
      if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
        throw problem(
            "tensor " + name + ": expected dtype, shape and two data_offsets",
            "an entry without them",
            "the file is damaged");
      }
      tensors.put(name, tensor(name, dtype, shape, offsets[0], offsets[1]));
    }

    private Tensor tensor(String name, DType dtype, long[] shape, long begin, long end)
        throws ModelFormatException {
      if (begin > end || end > dataBytes) {
        throw problem(
            "tensor %s: expected data_offsets within the %d bytes of data"
                .formatted(name, dataBytes),
            "[" + begin + ", " + end + "]",
            "the file looks truncated, download it again");
      }
      long bytes = dtype.bytes();
      try {
        for (long dimension : shape) {
          bytes = Math.multiplyExact(bytes, dimension);
        }
      } catch (ArithmeticException e) {
        throw new ModelFormatException(
            path,
            "tensor %s: expected the shape of a real tensor, found %s, whose product overflows"
                .formatted(name, Arrays.toString(shape)),
            e);
      }
      if (bytes != end - begin) {
        throw problem(
            "tensor %s: expected %d bytes for %s of shape %s"
                .formatted(name, bytes, dtype, Arrays.toString(shape)),
            end - begin,
            "the file is damaged");
      }
      return new Tensor(
          path,
          name,
          dtype,
          Arrays.stream(shape).boxed().toList(),
          dataStart + begin,
          file.asSlice(dataStart + begin, bytes));
    }

    /** Tensors must cover the data without overlap, hole or rest. */
    private void checkLayout() throws ModelFormatException {
      List<Tensor> inOrder = new ArrayList<>(tensors.values());
      inOrder.sort(
          Comparator.comparingLong(Tensor::fileOffset).thenComparingLong(t -> t.data().byteSize()));
      long at = dataStart;
      for (Tensor tensor : inOrder) {
        if (tensor.fileOffset() != at) {
          throw problem(
              "tensor %s: expected its data at byte %d".formatted(tensor.name(), at),
              "byte " + tensor.fileOffset(),
              tensor.fileOffset() < at
                  ? "tensors overlap"
                  : "the bytes between belong to no tensor");
        }
        at += tensor.data().byteSize();
      }
      if (at != file.byteSize()) {
        throw problem(
            "end of data: expected byte " + at,
            "byte " + file.byteSize(),
            "bytes belong to no tensor");
      }
    }

    private DType readDType(JsonStream json, String name)
        throws JsonFormatException, ModelFormatException {
      String text = json.string();
      for (DType dtype : DType.values()) {
        if (dtype.name().equals(text)) {
          return dtype;
        }
      }
      throw problem(
          "tensor %s: expected a dtype of %s".formatted(name, Arrays.toString(DType.values())),
          JsonStream.excerpt(text),
          "this type is not supported");
    }

    private long[] readLongs(JsonStream json, String name, String key, int most)
        throws JsonFormatException, ModelFormatException {
      long[] values = new long[most];
      int count = 0;
      json.beginArray();
      while (json.hasNextElement()) {
        if (count == most) {
          throw problem(
              name + "." + key + ": expected at most " + most + " numbers", "more", "damaged");
        }
        values[count++] = json.integerUpTo(Long.MAX_VALUE);
      }
      return Arrays.copyOf(values, count);
    }

    private void readMetadata(JsonStream json) throws JsonFormatException {
      Set<String> keys = new HashSet<>();
      json.beginObject();
      for (String key = json.nextKey(keys); key != null; key = json.nextKey(keys)) {
        String text = json.string();
        if (metadata.size() < MAX_METADATA) {
          metadata.put(key, text);
        }
      }
    }

    private ModelFormatException problem(String expected, @Nullable Object found, String advice) {
      return new ModelFormatException(path, expected + ", found " + found + "; " + advice);
    }
  }
}
