package io.github.bitnet4j.core.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/** Writes safetensors files. */
public final class SafetensorsWriter {
  private static final int CHUNK_BYTES = 1 << 20;

  private SafetensorsWriter() {}

  /**
   * A tensor to be written.
   *
   * @param shape slowest dimension first
   * @param data little-endian elements
   */
  public record Entry(String name, DType dtype, List<Long> shape, MemorySegment data) {
    /** Copies the shape. */
    public Entry {
      shape = List.copyOf(shape);
    }
  }

  /**
   * Writes a file: under another name first, so that a killed process leaves no half file.
   *
   * @throws IOException if writing fails; a file that was there before is then unchanged
   */
  public static void write(Path file, List<Entry> entries) throws IOException {
    Path absolute = file.toAbsolutePath();
    Path unfinished = absolute.resolveSibling(absolute.getFileName() + ".unfinished");
    try {
      try (FileChannel channel =
          FileChannel.open(
              unfinished,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        byte[] header = header(entries);
        ByteBuffer start = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(header.length).put(header).flip();
        writeAll(channel, start);
        for (Entry entry : entries) {
          for (long at = 0; at < entry.data.byteSize(); at += CHUNK_BYTES) {
            long bytes = Math.min(CHUNK_BYTES, entry.data.byteSize() - at);
            writeAll(channel, entry.data.asSlice(at, bytes).asByteBuffer());
          }
        }
      }
      Files.move(unfinished, absolute, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private static byte[] header(List<Entry> entries) throws IOException {
    StringWriter text = new StringWriter();
    long offset = 0;
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      for (Entry entry : entries) {
        json.writeObjectFieldStart(entry.name);
        json.writeStringField("dtype", entry.dtype.name());
        json.writeArrayFieldStart("shape");
        for (long dimension : entry.shape) {
          json.writeNumber(dimension);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(offset);
        offset += entry.data.byteSize();
        json.writeNumber(offset);
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    byte[] utf8 = text.toString().getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(utf8, (utf8.length + 7) & ~7); // readers like the data aligned
    Arrays.fill(padded, utf8.length, padded.length, (byte) ' ');
    return padded;
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
