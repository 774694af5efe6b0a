package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.core.format.GgufValue.BoolValue;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Writes GGUF files of version 3.
 *
 * <p>Whole numbers become u32 if they fit, else i32, else i64; floats become f32 if that is exact.
 *
 * <p>Source: {@code docs/gguf.md} of ggml.
 */
public final class GgufWriter {
  private static final int VERSION = 3;
  private static final int ALIGNMENT = 32;

  private static final int TYPE_U32 = 4;
  private static final int TYPE_I32 = 5;
  private static final int TYPE_F32 = 6;
  private static final int TYPE_BOOL = 7;
  private static final int TYPE_ARRAY = 9;
  private static final int TYPE_I64 = 11;
  private static final int TYPE_F64 = 12;

  private GgufWriter() {}

  /**
   * A tensor to be written.
   *
   * @param dimensions the row length first
   */
  public record Entry(String name, GgufType type, List<Long> dimensions, TensorContent content) {
    /** Copies the dimensions. */
    public Entry {
      dimensions = List.copyOf(dimensions);
    }

    /** Returns the size of its data. */
    public long bytes() {
      long rows = dimensions.stream().skip(1).reduce(1L, Math::multiplyExact);
      return type.byteSize(dimensions.getFirst(), rows);
    }
  }

  /**
   * Writes a file.
   *
   * @param metadata keys and values in the order of the file
   */
  public static void write(OutputStream file, Map<String, GgufValue> metadata, List<Entry> tensors)
      throws IOException {
    CountingOutput out = new CountingOutput(file);
    out.write("GGUF".getBytes(StandardCharsets.US_ASCII));
    u32(out, VERSION);
    u64(out, tensors.size());
    u64(out, metadata.size());
    for (Map.Entry<String, GgufValue> entry : metadata.entrySet()) {
      string(out, entry.getKey());
      value(out, entry.getValue());
    }
    long offset = 0;
    for (Entry tensor : tensors) {
      string(out, tensor.name);
      u32(out, tensor.dimensions.size());
      for (long dimension : tensor.dimensions) {
        u64(out, dimension);
      }
      u32(out, tensor.type.id());
      u64(out, offset);
      offset += (tensor.bytes() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    out.pad(ALIGNMENT);
    for (Entry tensor : tensors) {
      out.write(tensor.name, tensor.bytes(), tensor.content);
      out.pad(ALIGNMENT);
    }
    out.flush();
  }

  /** Returns an array of texts. */
  public static ArrayValue strings(List<String> texts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      for (String text : texts) {
        string(bytes, text);
      }
    } catch (IOException e) {
      throw new AssertionError("memory does not fail", e);
    }
    return new ArrayValue(
        GgufFile.TYPE_STRING, texts.size(), MemorySegment.ofArray(bytes.toByteArray()));
  }

  /** Returns an array of whole numbers, stored as i32. */
  public static ArrayValue ints(int[] numbers) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Integer.BYTES * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(numbers);
    return new ArrayValue(TYPE_I32, numbers.length, MemorySegment.ofArray(bytes.array()));
  }

  private static void value(OutputStream out, GgufValue value) throws IOException {
    switch (value) {
      case IntValue(long number) -> {
        boolean u32 = number == (number & 0xFFFF_FFFFL);
        boolean i32 = number == (int) number;
        u32(out, u32 ? TYPE_U32 : i32 ? TYPE_I32 : TYPE_I64);
        if (u32 || i32) {
          u32(out, (int) number);
        } else {
          u64(out, number);
        }
      }
      case FloatValue(double number) -> {
        boolean f32 = Double.compare((float) number, number) == 0;
        u32(out, f32 ? TYPE_F32 : TYPE_F64);
        if (f32) {
          u32(out, Float.floatToRawIntBits((float) number));
        } else {
          u64(out, Double.doubleToRawLongBits(number));
        }
      }
      case BoolValue(boolean on) -> {
        u32(out, TYPE_BOOL);
        out.write(on ? 1 : 0);
      }
      case StringValue(String text) -> {
        u32(out, GgufFile.TYPE_STRING);
        string(out, text);
      }
      case ArrayValue array -> {
        u32(out, TYPE_ARRAY);
        u32(out, array.elementType());
        u64(out, array.count());
        TensorContent.of(array.data()).writeTo(out);
      }
    }
  }

  private static void string(OutputStream out, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    u64(out, utf8.length);
    out.write(utf8);
  }

  private static void u32(OutputStream out, int value) throws IOException {
    out.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array(), 0, 4);
  }

  private static void u64(OutputStream out, long value) throws IOException {
    out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array(), 0, 8);
  }
}
